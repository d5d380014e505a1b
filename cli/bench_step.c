/* thalweg bench step: the time of one optimiser step, beside a kernel that only moves the same numbers. Both are measured in turn in one
 * run, because absolute figures drift with the machine's other load and ratios do not.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "cli.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <thalweg/optimizer.h>
#include <thalweg/registry.h>

struct values { struct cli_common common; uint64_t n, pairs; const char *rules; };
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    { "n", 0, CLI_NATURAL, AT(n), "WEIGHTS", 1, 1e9, "weights (25000000)" },
    { "rules", 0, CLI_TEXT, AT(rules), "\"A B C\"", 0, 0, "rules to measure, specs separated by blanks (all)" },
    { "pairs", 0, CLI_NATURAL, AT(pairs), "N", 1, BENCH_MOST_PAIRS, "measured pairs; their median is printed (5)" },
    CLI_THREADS, CLI_JSON, CLI_VERBOSE, CLI_END
};

static const struct values initial = { .common = { .threads = 1 }, .n = 25000000, .pairs = 5 };

struct bench {
    const struct values *v;
    tw_context *ctx;
    float *x[4], *g;                                                    /* x[0]: the weights; the others stand in for a rule's state */
    json_t *all;
};

static tw_status make_vector(size_t n, float **out, tw_error *err)
{
    void *p = NULL;
    if (posix_memalign(&p, 1 << 21, n * sizeof(float))) return cli_fail(err, TW_ERR_MEMORY, "out of memory (%zu floats)", n);
    madvise(p, n * sizeof(float), MADV_HUGEPAGE);
    *out = p;
    uint32_t state = 12345;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        (*out)[i] = (float)(int32_t)state * 0x1p-31f;
    }
    return TW_OK;
}

static tw_status measure(struct bench *b, tw_optimizer *opt, int slots, double *move, double *step, double *ratio, tw_error *err)
{
    size_t n = b->v->n, pairs = b->v->pairs;
    int arrays = slots < 3 ? slots + 1 : 4, threads = tw_context_threads(b->ctx);
    tw_isa isa = tw_context_isa(b->ctx);
    double steps[BENCH_MOST_PAIRS], moves[BENCH_MOST_PAIRS], ratios[BENCH_MOST_PAIRS];
    size_t repeats = n < 1000000 ? 1000000 / n : 1;                     /* small vectors: many steps per reading of the clock */
    for (size_t i = 0; i <= pairs; i++) {                               /* pair 0 warms up */
        double start = cli_seconds();
        for (size_t k = 0; k < repeats; k++) bench_move(isa, threads, b->x, arrays, b->g, n);
        double middle = cli_seconds();
        for (size_t k = 0; k < repeats; k++) CLI_TRY(tw_step_f32(opt, b->x[0], b->g, err));
        double end = cli_seconds();
        size_t to = i ? i - 1 : 0;
        moves[to] = (middle - start) / (double)repeats;
        steps[to] = (end - middle) / (double)repeats;
        /* with more state than the widest kernel has streams, its time is scaled to the bytes */
        ratios[to] = moves[to] * (2.0 * slots + 3) / (2.0 * arrays + 1) / steps[to];
    }
    *move = bench_median(moves, pairs);
    *step = bench_median(steps, pairs);
    *ratio = bench_median(ratios, pairs);
    return TW_OK;
}

static tw_status bench_rule(struct bench *b, const char *rule, tw_error *err)
{
    int64_t shape = (int64_t)b->v->n;
    tw_tensor tensor = { "w", 1, &shape, 0, 0 };
    tw_optimizer *opt = NULL;
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    o.rule = rule;
    o.tensors = &tensor;
    o.n_tensors = 1;
    CLI_TRY(tw_optimizer_create(&opt, b->ctx, &o, err));
    int slots = (int)(tw_optimizer_state_bytes(opt) / sizeof(float) / b->v->n);
    double move, step, ratio, n = (double)b->v->n, bytes = 4.0 * (2 * slots + 3);
    tw_status status = measure(b, opt, slots, &move, &step, &ratio, err);
    if (status == TW_OK && b->v->common.json)
        json_array_append_new(b->all, json_pack("{s:s, s:f, s:f, s:f, s:f, s:f}", "rule", tw_optimizer_spec(opt), "ns_per_weight", 1e9 * step / n,
                                                "bytes_per_weight", bytes, "gb_per_second", 1e-9 * bytes * n / step, "kernel_ns_per_weight",
                                                1e9 * move / n, "share_of_bandwidth", ratio));
    else if (status == TW_OK)
        printf("%-20s  %10.3f  %6.0f  %8.2f  %10.3f  %8.1f %%\n", tw_optimizer_spec(opt), 1e9 * step / n, bytes, 1e-9 * bytes * n / step,
               1e9 * move / n, 100 * ratio);
    fflush(stdout);
    tw_optimizer_free(opt);
    return status;
}

/* Every rule of a blank-separated list, or of the registry. */
static tw_status each_rule(struct bench *b, tw_status (*one)(struct bench *, const char *, tw_error *), tw_error *err)
{
    const tw_rule *rule;
    if (!b->v->rules) {
        for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++) CLI_TRY(one(b, rule->name, err));
        return TW_OK;
    }
    for (const char *p = b->v->rules + strspn(b->v->rules, " "); *p; p += strspn(p, " ")) {
        char spec[TW_SPEC_MAX];
        size_t n = strcspn(p, " ");
        snprintf(spec, sizeof spec, "%.*s", (int)(n < sizeof spec ? n : sizeof spec - 1), p);
        CLI_TRY(one(b, spec, err));
        p += n;
    }
    return TW_OK;
}

static tw_status check_rule(struct bench *b, const char *rule, tw_error *err)
{
    tw_choice choice;
    (void)b;
    return tw_rule_read(&choice, rule, NULL, err);
}

static tw_status bench_all(struct bench *b, tw_error *err)
{
    const struct values *v = b->v;
    CLI_TRY(each_rule(b, check_rule, err));
    CLI_TRY(make_vector(v->n, &b->g, err));
    for (int i = 0; i < 4; i++) CLI_TRY(make_vector(v->n, &b->x[i], err));
    if (!v->common.json)
        printf("%llu weights, %d thread%s, %s, median of %llu pairs\n%-20s  %10s  %6s  %8s  %10s  %s\n", (unsigned long long)v->n,
               tw_context_threads(b->ctx), tw_context_threads(b->ctx) == 1 ? "" : "s", tw_isa_name(tw_context_isa(b->ctx)),
               (unsigned long long)v->pairs, "rule", "ns/weight", "bytes", "GB/s", "kernel ns", "of bandwidth");
    CLI_TRY(each_rule(b, bench_rule, err));
    if (!v->common.json) return TW_OK;
    return cli_print_json(json_pack("{s:I, s:i, s:s, s:I, s:O}", "weights", (json_int_t)v->n, "threads", tw_context_threads(b->ctx), "isa",
                                    tw_isa_name(tw_context_isa(b->ctx)), "pairs", (json_int_t)v->pairs, "rules", b->all), err);
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct bench b = { .v = call->values };
    CLI_TRY(cli_context(&b.v->common, &b.ctx, err));
    b.all = json_array();
    tw_status status = bench_all(&b, err);
    json_decref(b.all);
    for (int i = 0; i < 4; i++) free(b.x[i]);
    free(b.g);
    tw_context_free(b.ctx);
    return status;
}

const struct cli_command cli_command_bench_step = {
    .name = "bench step", .usage = "[--n WEIGHTS] [--rules \"A B\"] [--threads T] [--json]", .help = "time an optimiser step against the memory's speed",
    .examples = "thalweg bench step\nthalweg bench step --rules \"adam sgd\" --threads 2 --json",
    .options = options, .size = sizeof(struct values), .initial = &initial, .run = run,
};
