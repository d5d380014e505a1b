/* thalweg bench sparse: the time of an update on sparse rows for several numbers of columns, where the
 * gradient is a list and, in turn with that, where it is a vector. The model is least squares, so that next
 * to nothing is measured but what the rows touch.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "cli.h"
#include <stdlib.h>
#include <string.h>
#include <thalweg/train.h>

struct values {
    struct cli_common common;
    uint64_t nonzeros, batch, pairs;
    const char *columns, *rules;
    int sparse; /* enum tw_run_sparse */
};
#define AT(member) offsetof(struct values, member)
#define COLUMNS "100000,1000000,10000000"

static const struct cli_option options[] =
    {{"columns", 0, CLI_TEXT, AT(columns), "N,N", 0, 0, "numbers of columns; each is measured (" COLUMNS ")"},
     {"nonzeros", 0, CLI_NATURAL, AT(nonzeros), "N", 1, 1000, "numbers in a row, at random columns (70)"},
     {"batch", 0, CLI_NATURAL, AT(batch), "B", 1, 512, "rows per update (32)"},
     {"rules", 0, CLI_TEXT, AT(rules), "\"A B C\"", 0, 0,
      "rules to measure, specs separated by spaces (sgd adagrad)"},
     {"sparse", 0, CLI_WORD, AT(sparse), "exact|skip|replay|touched|dense", 0, 0,
      "how the weights are stepped that an update does not touch, as in thalweg train (exact)"},
     {"pairs", 0, CLI_NATURAL, AT(pairs), "N", 1, BENCH_MOST_PAIRS,
      "measured pairs; their median is printed (5)"},
     CLI_THREADS,
     CLI_JSON,
     CLI_VERBOSE,
     CLI_END};

static const struct values initial = {.common = {.threads = 1},
                                      .nonzeros = 70,
                                      .batch = 32,
                                      .pairs = 5,
                                      .columns = COLUMNS,
                                      .rules = "sgd adagrad"};

enum { ROWS = 16384, MOST_COLUMNS = 100000000 };
/* each measurement takes at least so long, and so many updates */
static const double SECONDS = 0.1;
enum { UPDATES = 4 };

/* ---- Rows and the objective ---- */

struct rows {
    size_t columns, each; /* numbers in a row */
    uint32_t *column;     /* rising within a row */
    float *value, *target;
    int64_t shape[1];
    tw_tensor tensor;
};

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

/* Column k of a row lies in the k-th of as many parts of the columns. */
static tw_status make_rows(struct rows *r, size_t columns, size_t each, tw_error *err)
{
    uint64_t state = 1;
    *r = (struct rows){.columns = columns,
                       .each = each < columns ? each : columns,
                       .shape = {(int64_t)columns}};
    r->tensor = (tw_tensor){.name = "w", .rank = 1, .shape = r->shape};
    r->column = cli_alloc(ROWS * r->each, sizeof *r->column, err);
    r->value = cli_alloc(ROWS * r->each, sizeof *r->value, err);
    r->target = cli_alloc(ROWS, sizeof *r->target, err);
    if (!r->column || !r->value || !r->target) return TW_ERR_MEMORY;
    const uint32_t part = (uint32_t)(columns / r->each);
    for (size_t i = 0; i < ROWS * r->each; i++) {
        r->column[i] = (uint32_t)(i % r->each) * part + next_random(&state) % part;
        r->value[i] = (float)(int32_t)next_random(&state) * 0x1p-35f;
    }
    for (size_t i = 0; i < ROWS; i++) r->target[i] = next_random(&state) % 2 ? 1 : -1;
    return TW_OK;
}

static void free_rows(struct rows *r)
{
    free(r->column);
    free(r->value);
    free(r->target);
}

static size_t touched(void *user, const uint64_t *rows, size_t n, uint32_t *index)
{
    const struct rows *r = user;
    for (size_t i = 0; index && i < n; i++)
        memcpy(index + i * r->each, r->column + rows[i] * r->each, r->each * sizeof *index);
    return n * r->each;
}

/* Merges the rows of a leaf, of which there are at most TW_LEAF: at each column their products in order. */
static void list_gradient(const struct rows *r, const tw_eval *e, const float *slope)
{
    size_t at[TW_LEAF], end[TW_LEAF], n = 0;
    uint32_t head[TW_LEAF], least;
    for (size_t i = 0; i < TW_LEAF; i++) head[i] = UINT32_MAX;
    for (size_t i = 0; i < e->n; i++) {
        at[i] = e->rows[i] * r->each;
        end[i] = at[i] + r->each;
        head[i] = r->column[at[i]];
    }
    for (;; n++) {
        least = head[0];
        for (size_t i = 1; i < TW_LEAF; i++) least = head[i] < least ? head[i] : least;
        if (least == UINT32_MAX) break;
        float sum = 0;
        for (size_t i = 0; i < e->n; i++) {
            if (head[i] != least) continue;
            sum += slope[i] * r->value[at[i]++];
            head[i] = at[i] < end[i] ? r->column[at[i]] : UINT32_MAX;
        }
        e->sparse->index[n] = least;
        ((float *)e->sparse->value)[n] = sum;
    }
    e->sparse->n = n;
}

static void vector_gradient(const struct rows *r, const tw_eval *e, const float *slope)
{
    float *g = e->gradient;
    memset(g, 0, r->columns * sizeof *g);
    for (size_t i = 0; i < e->n; i++)
        for (size_t at = e->rows[i] * r->each, end = at + r->each; at < end; at++)
            g[r->column[at]] += slope[i] * r->value[at];
}

static int eval(void *user, const tw_eval *e)
{
    const struct rows *r = user;
    const float *w = e->w;
    float slope[TW_LEAF];
    *e->sums = (tw_sums){.weight = (double)e->n};
    for (size_t i = 0; i < e->n; i++) {
        float dot = -r->target[e->rows[i]];
        for (size_t at = e->rows[i] * r->each, end = at + r->each; at < end; at++)
            dot += w[r->column[at]] * r->value[at];
        slope[i] = dot;
        e->sums->loss += (double)dot * (double)dot / 2;
    }
    if (e->sparse) list_gradient(r, e, slope);
    else if (e->want & TW_WANT_GRADIENT) vector_gradient(r, e, slope);
    return 0;
}

/* ---- Measuring ---- */

/* A run whose objective answers with lists, or with vectors, and its weights. */
struct side {
    float *w;
    tw_run *run;
};

static tw_status make_side(struct side *s, tw_context *ctx, struct rows *r, const tw_run_options *o,
                           int lists, tw_error *err)
{
    tw_objective f = TW_OBJECTIVE_INIT;
    tw_run_options own = *o;
    f.type = TW_F32;
    f.tensors = &r->tensor;
    f.n_tensors = 1;
    f.n_rows = ROWS;
    f.lanes = 256;
    f.user = r;
    f.eval = eval;
    if (lists) f.touched = touched;
    else own.sparse = TW_RUN_SPARSE_EXACT;
    s->w = cli_alloc(r->columns, sizeof *s->w, err);
    return s->w ? tw_run_create(&s->run, ctx, &f, NULL, s->w, &own, err) : TW_ERR_MEMORY;
}

static void free_side(struct side *s)
{
    tw_run_free(s->run);
    free(s->w);
}

static tw_status time_updates(struct side *s, double *seconds, tw_error *err)
{
    const double start = cli_seconds();
    int status;
    for (int n = 1;; n++) {
        CLI_TRY(tw_run_step(s->run, &status, err));
        *seconds = (cli_seconds() - start) / n;
        if (n >= UPDATES && *seconds * n >= SECONDS) return TW_OK;
    }
}

/* Of one rule and number of columns: seconds of an update, by lists, and by vectors. */
struct figures {
    double lists, vectors, times;
};

static tw_status measure_sides(const struct values *v, struct side sides[2], struct figures *out,
                               tw_error *err)
{
    double lists[BENCH_MOST_PAIRS], vectors[BENCH_MOST_PAIRS], times[BENCH_MOST_PAIRS], warm;
    for (int i = 0; i < 2; i++) CLI_TRY(time_updates(&sides[i], &warm, err));
    for (uint64_t i = 0; i < v->pairs; i++) {
        CLI_TRY(time_updates(&sides[0], &lists[i], err));
        CLI_TRY(time_updates(&sides[1], &vectors[i], err));
        times[i] = vectors[i] / lists[i];
    }
    *out = (struct figures){bench_median(lists, v->pairs), bench_median(vectors, v->pairs),
                            bench_median(times, v->pairs)};
    return TW_OK;
}

struct bench {
    const struct values *v;
    tw_context *ctx;
    struct rows rows;
    json_t *all;
    int printed; /* lines of the table */
};

static tw_status measure(struct bench *b, const char *rule, struct figures *out, tw_error *err)
{
    struct side sides[2] = {{NULL, NULL}, {NULL, NULL}};
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = rule;
    o.epochs = 1000000;
    o.batch = b->v->batch;
    o.sparse = (enum tw_run_sparse)b->v->sparse;
    tw_status s = make_side(&sides[0], b->ctx, &b->rows, &o, 1, err);
    if (s == TW_OK) s = make_side(&sides[1], b->ctx, &b->rows, &o, 0, err);
    if (s == TW_OK) s = measure_sides(b->v, sides, out, err);
    free_side(&sides[0]);
    free_side(&sides[1]);
    return s;
}

/* ---- The command ---- */

static void print_head(const struct bench *b)
{
    const struct values *v = b->v;
    const int threads = tw_context_threads(b->ctx);
    printf("rows of %llu numbers, %llu rows per update, %d thread%s, %s, median of %llu pairs\n"
           "%-24s  %10s  %9s  %9s  %10s  %6s\n",
           (unsigned long long)v->nonzeros, (unsigned long long)v->batch, threads, threads == 1 ? "" : "s",
           tw_isa_name(tw_context_isa(b->ctx)), (unsigned long long)v->pairs, "rule", "columns", "us/update",
           "ns/number", "vectors us", "times");
}

static tw_status bench_rule(struct bench *b, const char *rule, tw_error *err)
{
    struct figures f = {0};
    char columns[32];
    CLI_TRY(measure(b, rule, &f, err));
    const double each = 1e9 * f.lists / (double)(b->v->batch * b->rows.each);
    if (b->v->common.json) {
        b->all = cli_add(b->all, json_pack("{s:s, s:I, s:i, s:f, s:f, s:f, s:f}", "rule", rule, "columns",
                                           (json_int_t)b->rows.columns, "threads", tw_context_threads(b->ctx),
                                           "us_per_update", 1e6 * f.lists, "ns_per_number", each,
                                           "vectors_us_per_update", 1e6 * f.vectors, "times", f.times));
        return TW_OK;
    }
    if (!b->printed++) print_head(b);
    printf("%-24s  %10s  %9.1f  %9.2f  %10.1f  %6.1f\n", rule, cli_grouped(b->rows.columns, columns),
           1e6 * f.lists, each, 1e6 * f.vectors, f.times);
    fflush(stdout);
    return TW_OK;
}

static tw_status bench_columns(struct bench *b, size_t columns, tw_error *err)
{
    char spec[TW_SPEC_MAX];
    tw_status s = make_rows(&b->rows, columns, b->v->nonzeros, err);
    for (const char *p = b->v->rules; s == TW_OK && bench_next_spec(&p, spec);) s = bench_rule(b, spec, err);
    free_rows(&b->rows);
    return s;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct bench b = {.v = call->values};
    long counts[BENCH_MOST_COUNTS];
    int n;
    CLI_TRY(bench_counts("columns", b.v->columns, MOST_COLUMNS, counts, &n, err));
    CLI_TRY(cli_context(&b.v->common, &b.ctx, err));
    b.all = json_array();
    tw_status s = TW_OK;
    for (int i = 0; s == TW_OK && i < n; i++) s = bench_columns(&b, (size_t)counts[i], err);
    if (s == TW_OK && b.v->common.json)
        s = cli_print_json(json_pack("{s:s, s:I, s:I, s:I, s:O}", "isa", tw_isa_name(tw_context_isa(b.ctx)),
                                     "nonzeros", (json_int_t)b.v->nonzeros, "batch", (json_int_t)b.v->batch,
                                     "pairs", (json_int_t)b.v->pairs, "rules", b.all),
                           err);
    json_decref(b.all);
    tw_context_free(b.ctx);
    return s;
}

const struct cli_command cli_command_bench_sparse = {
    .name = "bench sparse",
    .usage = "[--columns N,N] [--nonzeros N] [--batch B] [--rules \"A B\"] [--sparse HOW] [--pairs N] "
             "[--threads T] [--json]",
    .help = "time an update on sparse rows against one of all weights",
    .examples = "thalweg bench sparse\n"
                "thalweg bench sparse --columns 1000000 --rules \"momentum adam\" --sparse skip",
    .options = options,
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
