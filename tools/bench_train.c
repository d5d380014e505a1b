/* thalweg bench train: microseconds of CPU time per row on one thread, of networks small and large, as a
 * share of the peak of fma, and compared with those of a peer program, in turn (A B A B ...). The rows are
 * random numbers.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "cli.h"
#include "table.h"
#include <stdlib.h>
#include <string.h>
#include <thalweg/train.h>

#define CNN "conv2d 32 3x3 relu; maxpool2d 2x2; flatten; dense classes softmax"
#define MLP "flatten; dense 128 relu; dropout 0.2; dense classes softmax"
#define SAME(channels) "conv2d " channels " 3x3 padding=same; batchnorm"
#define HALF(channels)                                                                  \
    "residual(conv2d " channels                                                         \
    " 3x3 stride=2 padding=same; batchnorm relu; " SAME(channels) " | conv2d " channels \
                                                                  " 1x1 stride=2) relu; "
#define BLOCK "residual(layernorm; attention 4); residual(layernorm; dense 128 gelu; dense 32); "

/* Rows: as many as take some hundredths of a second. */
static const struct network {
    const char *name, *text;
    int64_t shape[3];
    uint64_t batch, rows;
} networks[] = {
    {"cnn-1", CNN, {28, 28, 1}, 1, 1000},
    {"cnn-32", CNN, {28, 28, 1}, 32, 6400},
    {"cnn-128", CNN, {28, 28, 1}, 128, 6400},
    {"mlp-1", MLP, {28, 28, 1}, 1, 1000},
    {"mlp-32", MLP, {28, 28, 1}, 32, 12800},
    {"mlp-128", MLP, {28, 28, 1}, 128, 12800},
    {"lenet5",
     "conv2d 6 5x5 padding=same relu; maxpool2d 2x2; conv2d 16 5x5 relu; maxpool2d 2x2; flatten; dense 120 relu; "
     "dense 84 relu; dense classes softmax",
     {28, 28, 1},
     32,
     3200},
    {"wide", "flatten; dense 512 relu; dense 512 relu; dense classes softmax", {28, 28, 1}, 128, 3840},
    {"mnist99",
     "conv2d 16 5x5 relu; maxpool2d 2x2; conv2d 32 3x3 relu; maxpool2d 2x2; flatten; dense 128 relu; dense classes "
     "softmax",
     {28, 28, 1},
     64,
     3200},
    {"resnet",
     SAME("16") " relu; residual(" SAME("16") " relu; " SAME("16") ") relu; " HALF("32")
         HALF("64") "globalavgpool; dense classes softmax",
     {32, 32, 3},
     32,
     320},
    {"lstm", "reshape 28x28; lstm 64 output=last; dense classes softmax", {28, 28, 1}, 32, 1600},
    {"transformer",
     "reshape 28x28; dense 32; " BLOCK BLOCK "globalavgpool; dense classes softmax",
     {28, 28, 1},
     32,
     800},
};
enum { NETWORKS = sizeof networks / sizeof networks[0], CLASSES = 10, MOST_STEPS = 64, OUTPUT = 1 << 16 };

struct values {
    struct cli_common common;
    const char *networks, *peer, *python;
    uint64_t pairs;
    int layers;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] =
    {{"networks", 0, CLI_TEXT, AT(networks), "\"A B\"", 0, 0, "names of the table's networks (all)"},
     {"layers", 0, CLI_FLAG, AT(layers), NULL, 0, 0, "also the time of each layer"},
     {"pairs", 0, CLI_NATURAL, AT(pairs), "N", 1, BENCH_MOST_PAIRS,
      "measured pairs; their median is printed (5)"},
     {"peer", 0, CLI_TEXT, AT(peer), "SCRIPT", 0, 0,
      "a Python program with the options of bench/torch_train.py that prints JSON with us_per_row"},
     {"python", 0, CLI_TEXT, AT(python), "COMMAND", 0, 0, BENCH_PYTHON_HELP},
     CLI_JSON,
     CLI_QUIET,
     CLI_VERBOSE,
     CLI_END};

static const struct values initial = {.common = {.threads = 1}, .pairs = 5, .python = BENCH_PYTHON};

/* What a network's steps took. */
struct step {
    char what[64];
    double seconds[2], flops[2]; /* forward, backward */
};
struct clock {
    struct step step[MOST_STEPS];
    size_t n;
    double last, others; /* when the last event was; seconds between evaluations: the update */
};

static void watch(void *user, const tw_network_event *event)
{
    struct clock *const c = user;
    const double now = bench_cpu_seconds(), took = now - c->last;
    c->last = now;
    if (!event->what) c->others += took;
    else if (event->step < MOST_STEPS) {
        struct step *const s = &c->step[event->step];
        if (event->step >= c->n) c->n = event->step + 1;
        snprintf(s->what, sizeof s->what, "%s", event->what);
        s->seconds[event->backward] += took;
        s->flops[event->backward] += 2 * event->products * (double)event->rows;
    }
}

/* One epoch to warm up and one that counts. */
static tw_status train_on(const struct network *net, tw_context *ctx, tw_model *model,
                          tw_objective *objective, struct clock *clock, double *seconds, tw_error *err)
{
    tw_run *run = NULL;
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = "adam";
    o.epochs = 2;
    o.batch = net->batch;
    tw_status status = tw_run_create(&run, ctx, objective, NULL, tw_model_weights(model), &o, err);
    int state = TW_RUN_GOING;
    double start = 0;
    const uint64_t steps = net->rows / net->batch;
    for (uint64_t i = 0; status == TW_OK && state == TW_RUN_GOING; i++) {
        if (i == steps) {
            *clock = (struct clock){0};
            start = clock->last = bench_cpu_seconds();
        }
        status = tw_run_step(run, &state, err);
    }
    *seconds = bench_cpu_seconds() - start;
    clock->others += bench_cpu_seconds() - clock->last;
    tw_run_free(run);
    return status;
}

static tw_status make_rows(const struct network *net, tw_context *ctx, tw_data **data, tw_error *err)
{
    const size_t row = (size_t)(net->shape[0] * net->shape[1] * net->shape[2]), n = (size_t)net->rows;
    float *x = cli_alloc(n * row, sizeof *x, err);
    int32_t *labels = cli_alloc(n, sizeof *labels, err);
    uint32_t random = 1;
    tw_status status = x && labels ? TW_OK : TW_ERR_MEMORY;
    for (size_t i = 0; status == TW_OK && i < n * row; i++) {
        random = random * 1664525 + 1013904223;
        x[i] = (float)(random >> 8) * 0x1p-24f;
    }
    for (size_t i = 0; status == TW_OK && i < n; i++) labels[i] = (int32_t)(i % CLASSES);
    tw_data_info rows = {.size = sizeof rows, .rows = n, .rank = 3, .type = TW_F32, .x = x, .labels = labels};
    memcpy(rows.shape, net->shape, sizeof net->shape);
    if (status == TW_OK) status = tw_data_create(data, ctx, &rows, err);
    free(x);
    free(labels);
    return status;
}

/* Seconds of an epoch; with `clock` also of its steps, whose measuring takes time itself. */
static tw_status our_epoch(const struct network *net, tw_context *ctx, const tw_data *data,
                           struct clock *clock, double *seconds, tw_error *err)
{
    tw_model *model = NULL;
    tw_objective objective = TW_OBJECTIVE_INIT;
    struct clock unused;
    CLI_TRY(tw_model_create(&model, ctx, net->text, TW_F32, data, 0, err));
    tw_status status = tw_model_objective(model, data, &objective, err);
    if (status == TW_OK && clock) status = tw_model_watch(&objective, watch, clock, err);
    if (status == TW_OK)
        status = train_on(net, ctx, model, &objective, clock ? clock : &unused, seconds, err);
    tw_model_objective_free(&objective);
    tw_model_free(model);
    return status;
}

static tw_status peer_epoch(const struct values *v, const struct network *net, double *seconds, tw_error *err)
{
    char batch[32], rows[32], shape[64], *output = cli_alloc(1, OUTPUT, err);
    if (!output) return TW_ERR_MEMORY;
    snprintf(batch, sizeof batch, "%d", (int)net->batch);
    snprintf(rows, sizeof rows, "%d", (int)net->rows);
    snprintf(shape, sizeof shape, "%dx%dx%d", (int)net->shape[0], (int)net->shape[1], (int)net->shape[2]);
    const char *argv[] = {v->peer,   "--network", net->text, "--shape", shape,
                          "--batch", batch,       "--rows",  rows,      NULL};
    const int code = bench_run_python(v->python, argv, 1, output, OUTPUT);
    json_t *result = json_loads(output, 0, NULL);
    *seconds = 1e-6 * json_number_value(json_object_get(result, "us_per_row")) * (double)net->rows;
    json_decref(result);
    free(output);
    if (code || !(*seconds > 0))
        return cli_fail(err, TW_ERR_INTERNAL, "%.200s: failed with exit code %d, or printed no us_per_row",
                        v->peer, code);
    return TW_OK;
}

/* What is measured of a network. */
struct result {
    const struct network *net;
    double seconds, flops, peak, peer, ratio; /* flops and peak per second */
    struct clock clock;
};

static tw_status measure(const struct values *v, tw_context *ctx, int peer, struct result *r, tw_error *err)
{
    double ours[BENCH_MOST_PAIRS], theirs[BENCH_MOST_PAIRS], ratios[BENCH_MOST_PAIRS];
    tw_data *data = NULL;
    CLI_TRY(make_rows(r->net, ctx, &data, err));
    tw_status status = our_epoch(r->net, ctx, data, &r->clock, &r->seconds, err);
    for (uint64_t i = 0; status == TW_OK && i < v->pairs; i++) {
        status = our_epoch(r->net, ctx, data, NULL, &ours[i], err);
        if (status == TW_OK && peer) status = peer_epoch(v, r->net, &theirs[i], err);
        if (peer) ratios[i] = theirs[i] / ours[i];
    }
    tw_data_free(data);
    if (status != TW_OK) return status;
    double flops = 0;
    for (size_t i = 0; i < r->clock.n; i++) flops += r->clock.step[i].flops[0] + r->clock.step[i].flops[1];
    r->seconds = bench_median(ours, v->pairs);
    r->flops = flops / r->seconds;
    if (peer) r->peer = bench_median(theirs, v->pairs);
    if (peer) r->ratio = bench_median(ratios, v->pairs);
    r->peak = bench_fma_peak(tw_context_isa(ctx));
    return TW_OK;
}

static json_t *step_json(const struct step *s)
{
    return json_pack("{s:s, s:f, s:f, s:f, s:f}", "what", s->what, "forward", s->seconds[0], "backward",
                     s->seconds[1], "forward_flops", s->flops[0], "backward_flops", s->flops[1]);
}

static json_t *result_json(const struct values *v, const struct result *r)
{
    json_t *one =
        json_pack("{s:s, s:s, s:I, s:I, s:f, s:f, s:f}", "name", r->net->name, "network", r->net->text,
                  "batch", (json_int_t)r->net->batch, "rows", (json_int_t)r->net->rows,
                  "microseconds_per_row", 1e6 * r->seconds / (double)r->net->rows, "gflops", 1e-9 * r->flops,
                  "share_of_peak", r->flops / r->peak);
    if (r->peer > 0)
        one = cli_put(one, "peer",
                      json_pack("{s:f, s:f}", "microseconds_per_row", 1e6 * r->peer / (double)r->net->rows,
                                "times_ours", r->ratio));
    if (!v->layers) return one;
    json_t *steps = json_array();
    for (size_t i = 0; i < r->clock.n; i++) steps = cli_add(steps, step_json(&r->clock.step[i]));
    one = cli_put(one, "steps", steps);
    return cli_put(one, "update", json_real(r->clock.others));
}

static void print_layers(const struct result *r)
{
    const double rows = 1e-6 * (double)r->net->rows;
    for (size_t i = 0; i < r->clock.n; i++) {
        const struct step *const s = &r->clock.step[i];
        printf("  %-26s", s->what);
        for (int back = 0; back < 2; back++) {
            printf(" %8.2f", s->seconds[back] / rows);
            if (s->flops[back] > 0) printf(" %7.1f", 1e-9 * s->flops[back] / s->seconds[back]);
            else printf(" %7s", "");
        }
        putchar('\n');
    }
    printf("  %-26s %8.2f\n", "update and the rest", r->clock.others / rows);
}

static void print(const struct values *v, const struct result *r)
{
    printf("%-12s %5d %9.2f %9.1f %7.0f %%", r->net->name, (int)r->net->batch,
           1e6 * r->seconds / (double)r->net->rows, 1e-9 * r->flops, 100 * r->flops / r->peak);
    if (r->peer > 0) printf(" %9.2f %8.1f", 1e6 * r->peer / (double)r->net->rows, r->ratio);
    putchar('\n');
    if (v->layers) print_layers(r);
    fflush(stdout);
}

static const char *network_name(size_t i, const void *unused)
{
    (void)unused;
    return i < NETWORKS ? networks[i].name : NULL;
}

/* Which networks the list names: all without one. */
static tw_status choose(const char *list, int chosen[NETWORKS], tw_error *err)
{
    char name[TW_SPEC_MAX];
    for (size_t i = 0; i < NETWORKS; i++) chosen[i] = !list;
    while (list && bench_next_spec(&list, name)) {
        size_t i = 0;
        while (i < NETWORKS && strcmp(networks[i].name, name)) i++;
        if (i == NETWORKS)
            return cli_unknown(err, TW_ERR_SPEC, "unknown network", name,
                               tw_suggest(name, network_name, NULL),
                               " (cnn-32, mlp-32, lenet5, wide, resnet, lstm, transformer, ...)");
        chosen[i] = 1;
    }
    return TW_OK;
}

static tw_status measure_all(const struct values *v, tw_context *ctx, const int chosen[NETWORKS], int peer,
                             tw_error *err)
{
    json_t *all = json_array();
    if (!v->common.json) {
        printf("one thread, %s, median of %d; fma peak %.1f GFLOP/s\n", tw_isa_name(tw_context_isa(ctx)),
               (int)v->pairs, 1e-9 * bench_fma_peak(tw_context_isa(ctx)));
        printf("%-12s %5s %9s %9s %9s", "network", "batch", "us/row", "GFLOP/s", "of peak");
        printf(peer ? " %9s %8s\n" : "\n", "peer", "times");
    }
    for (size_t i = 0; i < NETWORKS; i++) {
        struct result r = {.net = &networks[i]};
        if (!chosen[i]) continue;
        const tw_status status = measure(v, ctx, peer, &r, err);
        if (status != TW_OK) {
            json_decref(all);
            return status;
        }
        if (v->common.json) all = cli_add(all, result_json(v, &r));
        else print(v, &r);
    }
    if (!v->common.json) {
        json_decref(all);
        return TW_OK;
    }
    return cli_print_json(cli_put(json_object(), "networks", all), err);
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    tw_context *ctx = NULL;
    int chosen[NETWORKS], peer;
    CLI_TRY(choose(v->networks, chosen, err));
    CLI_TRY(bench_peer_ready(v->peer, v->python, &peer, err));
    CLI_TRY(cli_context(&v->common, &ctx, err));
    const tw_status status = measure_all(v, ctx, chosen, peer, err);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_bench_train = {
    .name = "bench train",
    .usage = "[--networks \"A B\"] [--layers] [--pairs N] [--peer SCRIPT [--python COMMAND]] [--json]",
    .help = "time networks beside fma's peak and a peer program",
    .examples = "thalweg bench train --networks \"mlp-32 wide\" --layers\n"
                "thalweg bench train --peer bench/torch_train.py",
    .options = options,
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
