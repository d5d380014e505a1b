/* thalweg bench workers: the time of an update where several workers step one model, as a share of what the
 * same threads make of models of their own, and the loss as a share of one process's. Logistic regression on
 * made-up sparse rows, one row per update.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "cli.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/thalweg.h>

enum { MOST_SIDES = 16, MOST_WORKERS = 64 };

struct values {
    struct cli_common common;
    uint64_t rows, columns, nonzeros, workers, pairs;
    const char *exchanges, *rule;
};
#define AT(member) offsetof(struct values, member)
#define EXCHANGES "hogwild hogwild-cas aig mutex roundrobin roundrobin-delayed"

static const struct cli_option options[] =
    {{"rows", 0, CLI_NATURAL, AT(rows), "N", 1000, 10000000, "rows, each an update (200000)"},
     {"columns", 0, CLI_NATURAL, AT(columns), "N", 100, 100000000, "columns (1000000)"},
     {"nonzeros", 0, CLI_NATURAL, AT(nonzeros), "N", 1, 100, "numbers in a row, at random columns (50)"},
     {"workers", 0, CLI_NATURAL, AT(workers), "N", 1, MOST_WORKERS, "workers (2)"},
     {"exchanges", 0, CLI_TEXT, AT(exchanges), "\"A B C\"", 0, 0,
      "exchanges to measure, without workers, separated by spaces (" EXCHANGES ")"},
     {"optimizer", 0, CLI_TEXT, AT(rule), "O", 0, 0, "the rule (sgd:lr=0.1)"},
     {"pairs", 0, CLI_NATURAL, AT(pairs), "N", 1, BENCH_MOST_PAIRS,
      "measured passes of each, in turn; their median is printed (5)"},
     CLI_JSON,
     CLI_VERBOSE,
     CLI_END};

static const struct values initial = {.common = {.threads = 1},
                                      .rows = 200000,
                                      .columns = 1000000,
                                      .nonzeros = 50,
                                      .workers = 2,
                                      .pairs = 5,
                                      .exchanges = EXCHANGES,
                                      .rule = "sgd:lr=0.1"};

/* ---- Rows ---- */

static uint32_t hash(uint64_t x)
{
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
    return (uint32_t)(x >> 32);
}

/* Row `row` of the whole: rising columns, and a class that a sum of numbers of its columns decides. */
static int32_t make_row(const struct values *v, uint64_t row, float *x, uint32_t *columns)
{
    const uint64_t part = v->columns / v->nonzeros;
    double sum = 0;
    for (uint64_t k = 0; k < v->nonzeros; k++) {
        columns[k] = (uint32_t)(k * part + hash(row * v->nonzeros + k) % part);
        x[k] = (float)((double)hash(~(row * v->nonzeros + k)) * 0x1p-31 - 1);
        sum += (double)x[k] * ((double)hash(columns[k] + (1ull << 40)) * 0x1p-31 - 1);
    }
    return sum > 0;
}

static tw_status make_data(const struct values *v, tw_context *ctx, uint64_t first, uint64_t n, tw_data **out,
                           tw_error *err)
{
    float *x = cli_alloc(n * v->nonzeros, sizeof *x, err);
    uint32_t *columns = cli_alloc(n * v->nonzeros, sizeof *columns, err);
    uint64_t *starts = cli_alloc(n + 1, sizeof *starts, err);
    int32_t *labels = cli_alloc(n, sizeof *labels, err);
    tw_status s = x && columns && starts && labels ? TW_OK : TW_ERR_MEMORY;
    for (uint64_t i = 0; s == TW_OK && i < n; i++) {
        labels[i] = make_row(v, first + i, x + i * v->nonzeros, columns + i * v->nonzeros);
        starts[i + 1] = (i + 1) * v->nonzeros;
    }
    const tw_data_info info = {.size = sizeof info,
                               .rows = n,
                               .rank = 1,
                               .shape = {(int64_t)v->columns},
                               .type = TW_F32,
                               .x = x,
                               .starts = starts,
                               .columns = columns,
                               .labels = labels};
    if (s == TW_OK) s = tw_data_create(out, ctx, &info, err);
    free(x);
    free(columns);
    free(starts);
    free(labels);
    return s;
}

/* ---- Runs ---- */

/* A run of one exchange on rows from `first` on. */
struct side {
    char spec[TW_SPEC_MAX];
    tw_context *ctx;
    tw_data *data;
    tw_model *model;
    tw_objective objective;
    tw_run *run;
    pthread_t thread;
    tw_status status;
    tw_error error;
    double us[BENCH_MOST_PAIRS], share[BENCH_MOST_PAIRS], cpu_share[BENCH_MOST_PAIRS], loss;
};

static tw_status make_side(struct side *s, const struct values *v, uint64_t first, uint64_t n, tw_error *err)
{
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    s->objective = (tw_objective)TW_OBJECTIVE_INIT;
    o.optimizer = v->rule;
    o.exchange = s->spec;
    o.epochs = BENCH_MOST_PAIRS + 1;
    o.batch = 1;
    CLI_TRY(cli_context(&v->common, &s->ctx, err));
    CLI_TRY(make_data(v, s->ctx, first, n, &s->data, err));
    CLI_TRY(tw_model_create(&s->model, s->ctx, "logistic", TW_F32, s->data, 1, err));
    CLI_TRY(tw_model_objective(s->model, s->data, &s->objective, err));
    return tw_run_create(&s->run, s->ctx, &s->objective, NULL, tw_model_weights(s->model), &o, err);
}

static void free_side(struct side *s)
{
    tw_run_free(s->run);
    tw_model_objective_free(&s->objective);
    tw_model_free(s->model);
    tw_data_free(s->data);
    tw_context_free(s->ctx);
}

static void *pass(void *arg)
{
    struct side *s = arg;
    size_t before, now;
    int status;
    tw_run_history(s->run, &before);
    do {
        s->status = tw_run_step(s->run, &status, &s->error);
        const tw_epoch *history = tw_run_history(s->run, &now);
        if (now > before) s->loss = history[now - 1].loss;
    } while (s->status == TW_OK && now == before);
    return NULL;
}

/* Seconds of the clock and of the CPU. */
struct took {
    double clock, cpu;
};

/* A pass of n sides at the same time, each in a thread. */
static tw_status time_pass(struct side *sides, size_t n, struct took *t, tw_error *err)
{
    const double clock = cli_seconds(), cpu = bench_cpu_seconds();
    size_t started = 0;
    while (started < n && pthread_create(&sides[started].thread, NULL, pass, &sides[started]) == 0) started++;
    for (size_t i = 0; i < started; i++) pthread_join(sides[i].thread, NULL);
    *t = (struct took){cli_seconds() - clock, bench_cpu_seconds() - cpu};
    if (started < n) return cli_fail(err, TW_ERR_SYSTEM, "the system refuses to start thread %zu", started);
    for (size_t i = 0; i < n; i++)
        if (sides[i].status != TW_OK) {
            *err = sides[i].error;
            return sides[i].status;
        }
    return TW_OK;
}

/* ---- The command ---- */

struct bench {
    const struct values *v;
    struct side apart[MOST_WORKERS], serial, sides[MOST_SIDES];
    size_t n;
};

static tw_status make_sides(struct bench *b, tw_error *err)
{
    const struct values *v = b->v;
    char spec[TW_SPEC_MAX];
    for (uint64_t i = 0; i < v->workers; i++) {
        snprintf(b->apart[i].spec, sizeof spec, "hogwild:workers=1");
        const uint64_t first = v->rows * i / v->workers;
        CLI_TRY(make_side(&b->apart[i], v, first, v->rows * (i + 1) / v->workers - first, err));
    }
    snprintf(b->serial.spec, sizeof spec, "local");
    CLI_TRY(make_side(&b->serial, v, 0, v->rows, err));
    for (const char *p = v->exchanges; bench_next_spec(&p, spec); b->n++) {
        if (b->n == MOST_SIDES)
            return cli_fail(err, TW_ERR_SPEC, "--exchanges: more than %d", (int)MOST_SIDES);
        if (snprintf(b->sides[b->n].spec, sizeof spec, "%s%cworkers=%llu", spec,
                     strchr(spec, ':') ? ',' : ':', (unsigned long long)v->workers) >= (int)sizeof spec)
            return cli_fail(err, TW_ERR_SPEC, "--exchanges: \"%.40s...\" is too long", spec);
        CLI_TRY(make_side(&b->sides[b->n], v, 0, v->rows, err));
    }
    return TW_OK;
}

/* The first pass is not counted: it comes with pages that nobody has touched. */
static tw_status measure(struct bench *b, tw_error *err)
{
    const double rows = (double)b->v->rows;
    for (uint64_t pair = 0; pair <= b->v->pairs; pair++) {
        struct took apart, t;
        const size_t at = pair ? pair - 1 : 0;
        CLI_TRY(time_pass(b->apart, b->v->workers, &apart, err));
        CLI_TRY(time_pass(&b->serial, 1, &t, err));
        b->serial.us[at] = 1e6 * t.clock / rows;
        b->serial.share[at] = apart.clock / t.clock;
        b->serial.cpu_share[at] = apart.cpu / t.cpu;
        for (size_t i = 0; i < b->n; i++) {
            CLI_TRY(time_pass(&b->sides[i], 1, &t, err));
            b->sides[i].us[at] = 1e6 * t.clock / rows;
            b->sides[i].share[at] = apart.clock / t.clock;
            b->sides[i].cpu_share[at] = apart.cpu / t.cpu;
        }
    }
    return TW_OK;
}

static json_t *show(const struct bench *b, struct side *s)
{
    const size_t n = b->v->pairs;
    const double us = bench_median(s->us, n), share = bench_median(s->share, n),
                 cpu = bench_median(s->cpu_share, n), loss = s->loss / b->serial.loss;
    tw_exchange_info info = {.size = sizeof info, .mean_staleness = 0};
    if (tw_run_exchange(s->run, &info, NULL) != TW_OK) info.mean_staleness = 0;
    if (b->v->common.json)
        return json_pack("{s:s, s:f, s:f, s:f, s:f, s:f}", "exchange", s->spec, "us_per_update", us, "share",
                         share, "cpu_share", cpu, "loss", loss, "mean_staleness", info.mean_staleness);
    printf("%-32s  %9.2f  %6.2f  %6.2f  %8.4f  %9.2f\n", s->spec, us, share, cpu, loss, info.mean_staleness);
    return NULL;
}

static tw_status print(struct bench *b, tw_error *err)
{
    const struct values *v = b->v;
    json_t *all = json_array();
    if (!v->common.json)
        printf("%llu rows of %llu numbers in %llu columns, one per update, %s, median of %llu passes\n"
               "%-32s  %9s  %6s  %6s  %8s  %9s\n",
               (unsigned long long)v->rows, (unsigned long long)v->nonzeros, (unsigned long long)v->columns,
               tw_isa_name(tw_context_isa(b->serial.ctx)), (unsigned long long)v->pairs, "exchange",
               "us/update", "share", "cpu", "loss", "staleness");
    for (size_t i = 0; i <= b->n; i++) {
        json_t *one = show(b, i ? &b->sides[i - 1] : &b->serial);
        if (one) all = cli_add(all, one);
    }
    if (v->common.json)
        return cli_print_json(json_pack("{s:I, s:I, s:I, s:I, s:o}", "rows", (json_int_t)v->rows, "columns",
                                        (json_int_t)v->columns, "workers", (json_int_t)v->workers, "pairs",
                                        (json_int_t)v->pairs, "exchanges", all),
                              err);
    json_decref(all);
    return TW_OK;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct bench *b = cli_alloc(1, sizeof *b, err);
    if (!b) return TW_ERR_MEMORY;
    b->v = call->values;
    tw_status s = b->v->nonzeros <= b->v->columns
                      ? make_sides(b, err)
                      : cli_fail(err, TW_ERR_SPEC, "--nonzeros %llu: there are %llu columns",
                                 (unsigned long long)b->v->nonzeros, (unsigned long long)b->v->columns);
    if (s == TW_OK) s = measure(b, err);
    if (s == TW_OK) s = print(b, err);
    for (size_t i = 0; i < MOST_WORKERS; i++) free_side(&b->apart[i]);
    for (size_t i = 0; i < MOST_SIDES; i++) free_side(&b->sides[i]);
    free_side(&b->serial);
    free(b);
    return s;
}

const struct cli_command cli_command_bench_workers = {
    .name = "bench workers",
    .usage = "[--rows N] [--columns N] [--nonzeros N] [--workers N] [--exchanges \"A B\"] [--optimizer O] "
             "[--pairs N] [--json]",
    .help = "time updates of several workers against threads that share nothing",
    .examples = "thalweg bench workers\n"
                "thalweg bench workers --columns 50000 --exchanges \"hogwild ps:sync=asp\"",
    .options = options,
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
