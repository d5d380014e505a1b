/* thalweg bench linear: seconds until a linear model's loss is within a share of its optimum, for several
 * methods, compared with other programs in the same run, in turn. Reading the file is not counted.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "cli.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/train.h>
#include <unistd.h>

struct values {
    struct cli_common common;
    const char *model, *methods, *best, *peer, *python;
    double l2, l1, seconds;
    uint64_t pairs;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    {"model", 0, CLI_TEXT, AT(model), "M", 0, 0, "a linear model with its options (logistic:intercept=0)"},
    {"l2", 0, CLI_REAL, AT(l2), "L", 0, 1e300, "the model's l2 (1 divided by the rows)"},
    {"l1", 0, CLI_REAL, AT(l1), "L", 0, 1e300, "the model's l1 (0)"},
    {"methods", 0, CLI_TEXT, AT(methods), "\"A B C\"", 0, 0,
     "solvers, and estimators with their options, separated by spaces (every solver that takes the problem)"},
    {"best", 0, CLI_TEXT, AT(best), "SOLVER", 0, 0, "finds the optimum first (auto)"},
    {"seconds", 0, CLI_REAL, AT(seconds), "S", 0, 1e9, "a method that takes longer is given up (30)"},
    {"pairs", 0, CLI_NATURAL, AT(pairs), "N", 1, BENCH_MOST_PAIRS,
     "measured pairs; their median is printed (3)"},
    {"peer", 0, CLI_TEXT, AT(peer), "SCRIPT", 0, 0,
     "a Python program that is given FILE, the kind of model, l2, l1 and the optimum, and prints JSON: by its "
     "names, seconds to each of the shares (bench/linear_peers.py)"},
    {"python", 0, CLI_TEXT, AT(python), "COMMAND", 0, 0, BENCH_PYTHON_HELP},
    CLI_THREADS,
    CLI_JSON,
    CLI_QUIET,
    CLI_VERBOSE,
    CLI_END};

static const struct values initial = {.common = {.threads = 1},
                                      .model = "logistic:intercept=0",
                                      .best = "auto",
                                      .l2 = -1,
                                      .l1 = 0,
                                      .seconds = 30,
                                      .pairs = 3,
                                      .python = BENCH_PYTHON};

enum { MOST_METHODS = 40, SHARES = 3, OUTPUT = 1 << 14, LOOKS_PER_EPOCH = 4 };
static const double shares[SHARES] = {1e-3, 1e-6, 1e-9};

/* One method, ours or another program's. Seconds NAN: the share was not reached. */
struct method {
    char name[TW_SPEC_MAX];
    int is_ours;
    double seconds[SHARES][BENCH_MOST_PAIRS], passes[SHARES], least;
};

struct bench {
    const struct values *values;
    const char *path;
    tw_context *ctx;
    tw_data *data;
    tw_data_info rows;
    tw_model *model;
    tw_objective objective;
    double l2, best;
    size_t n;
    struct method methods[MOST_METHODS];
};

/* ---- A run of ours ---- */

static tw_status new_run(struct bench *b, const char *spec, tw_run **out, tw_error *err)
{
    char name[TW_SPEC_MAX];
    tw_run_options o = {.size = sizeof o, .epochs = 1000000, .batch = 1};
    snprintf(name, sizeof name, "%.*s", (int)strcspn(spec, ":"), spec);
    if (tw_solver_find(name)) o.solver = spec, o.batch = 0, o.tol = 1e-300;
    else o.optimizer = spec;
    memset(tw_model_weights(b->model), 0, tw_model_size(b->model) * sizeof(double));
    return tw_run_create(out, b->ctx, &b->objective, NULL, tw_model_weights(b->model), &o, err);
}

static tw_status loss_of(struct bench *b, tw_run *run, double *loss, tw_error *err)
{
    const void *w;
    tw_metrics all;
    CLI_TRY(tw_run_weights(run, &w, err));
    CLI_TRY(tw_evaluate(b->ctx, &b->objective, w, &all, err));
    *loss = all.loss;
    return TW_OK;
}

/* Steps until the loss is looked at again; *seconds are added. */
static tw_status steps_between_looks(tw_run *run, int *status, double *seconds, tw_error *err)
{
    const uint64_t each = tw_run_steps_per_epoch(run) / LOOKS_PER_EPOCH;
    const double start = cli_seconds();
    for (uint64_t i = 0; i < (each ? each : 1) && *status == TW_RUN_GOING; i++)
        CLI_TRY(tw_run_step(run, status, err));
    *seconds += cli_seconds() - start;
    return TW_OK;
}

/* Making the run is counted, evaluating the loss is not. */
static tw_status measure_run(struct bench *b, struct method *m, size_t pair, tw_run *run, double seconds,
                             tw_error *err)
{
    int status = TW_RUN_GOING;
    for (int reached = 0; reached < SHARES && status == TW_RUN_GOING && seconds < b->values->seconds;) {
        double loss;
        CLI_TRY(steps_between_looks(run, &status, &seconds, err));
        CLI_TRY(loss_of(b, run, &loss, err));
        if (loss < m->least) m->least = loss;
        for (; reached < SHARES && loss - b->best <= shares[reached] * fabs(b->best); reached++) {
            m->seconds[reached][pair] = seconds;
            m->passes[reached] = (double)tw_run_gradients(run) / (double)b->rows.rows;
        }
    }
    return TW_OK;
}

static tw_status measure_ours(struct bench *b, struct method *m, size_t pair, tw_error *err)
{
    tw_run *run = NULL;
    const double start = cli_seconds();
    CLI_TRY(new_run(b, m->name, &run, err));
    const tw_status status = measure_run(b, m, pair, run, cli_seconds() - start, err);
    tw_run_free(run);
    return status;
}

/* The optimum, as near as rounding lets the solver come. */
static tw_status find_best(struct bench *b, tw_error *err)
{
    tw_run *run = NULL;
    int state = TW_RUN_GOING;
    CLI_TRY(new_run(b, b->values->best, &run, err));
    tw_status status = TW_OK;
    while (status == TW_OK && state == TW_RUN_GOING) status = tw_run_step(run, &state, err);
    if (status == TW_OK) status = loss_of(b, run, &b->best, err);
    tw_run_free(run);
    return status;
}

/* ---- Methods ---- */

static struct method *add_method(struct bench *b, const char *name, int is_ours)
{
    if (b->n == MOST_METHODS) return NULL;
    struct method *m = &b->methods[b->n++];
    snprintf(m->name, sizeof m->name, "%s", name);
    m->is_ours = is_ours;
    m->least = INFINITY;
    for (size_t i = 0; i < SHARES; i++)
        for (size_t pair = 0; pair < BENCH_MOST_PAIRS; pair++) m->seconds[i][pair] = NAN;
    return m;
}

static tw_status list_methods(struct bench *b, tw_error *err)
{
    const char *list = b->values->methods;
    char spec[TW_SPEC_MAX];
    const tw_solver *s;
    while (list && bench_next_spec(&list, spec))
        if (!add_method(b, spec, 1))
            return cli_fail(err, TW_ERR_SPEC, "--methods: more than %d", MOST_METHODS);
    for (size_t i = 0; !list && (s = tw_solver_at(i)); i++) {
        tw_run *run = NULL;
        if (strcmp(s->name, "auto") == 0) continue;
        if (new_run(b, s->name, &run, NULL) == TW_OK) add_method(b, s->name, 1);
        tw_run_free(run);
    }
    return b->n ? TW_OK : cli_fail(err, TW_ERR_SPEC, "no solver takes this problem: --methods names others");
}

static struct method *method_of_peer(struct bench *b, const char *name)
{
    for (size_t i = 0; i < b->n; i++)
        if (!b->methods[i].is_ours && strcmp(b->methods[i].name, name) == 0) return &b->methods[i];
    return add_method(b, name, 0);
}

static void take_peer(struct method *m, json_t *seconds, size_t pair)
{
    for (size_t i = 0; i < SHARES; i++) {
        json_t *value = json_array_get(seconds, i);
        if (json_is_number(value)) m->seconds[i][pair] = json_number_value(value);
    }
}

static tw_status measure_theirs(struct bench *b, size_t pair, tw_error *err)
{
    const struct values *v = b->values;
    char kind[TW_SPEC_MAX], l2[32], l1[32], best[32], output[OUTPUT];
    snprintf(kind, sizeof kind, "%s", v->model);
    snprintf(l2, sizeof l2, "%.17g", b->l2);
    snprintf(l1, sizeof l1, "%.17g", v->l1);
    snprintf(best, sizeof best, "%.17g", b->best);
    const char *const arguments[] = {v->peer, b->path, kind, l2, l1, best, NULL};
    const int code = bench_run_python(v->python, arguments, 1, output, sizeof output);
    json_t *all = json_loads(output, 0, NULL), *value;
    const char *name;
    size_t n = 0;
    json_object_foreach (all, name, value) {
        struct method *m = method_of_peer(b, name);
        if (m) take_peer(m, value, pair), n++;
    }
    json_decref(all);
    return code || !n ? cli_fail(err, TW_ERR_INTERNAL, "%.200s: failed with exit code %d, or printed no JSON",
                                 v->peer, code)
                      : TW_OK;
}

/* ---- Results ---- */

/* Of the pairs in which the share was reached, if they are most; else NAN. */
static double median_of(const struct bench *b, const struct method *m, size_t share)
{
    double reached[BENCH_MOST_PAIRS];
    size_t n = 0;
    for (size_t i = 0; i < b->values->pairs; i++)
        if (!isnan(m->seconds[share][i])) reached[n++] = m->seconds[share][i];
    return 2 * n > b->values->pairs ? bench_median(reached, n) : NAN;
}

static json_t *number_or_null(double x) { return isnan(x) ? json_null() : json_real(x); }

static tw_status print_json(const struct bench *b, tw_error *err)
{
    json_t *list = json_array();
    for (size_t i = 0; i < b->n; i++) {
        const struct method *m = &b->methods[i];
        json_t *one = json_pack("{s:s, s:b}", "method", m->name, "ours", m->is_ours);
        for (size_t k = 0; k < SHARES; k++) {
            char key[32];
            snprintf(key, sizeof key, "seconds_%g", shares[k]);
            one = cli_put(one, key, number_or_null(median_of(b, m, k)));
        }
        list = cli_add(list, one);
    }
    return cli_print_json(json_pack("{s:s, s:I, s:I, s:s, s:f, s:f, s:f, s:i, s:I, s:o*}", "file", b->path,
                                    "rows", (json_int_t)b->rows.rows, "columns", (json_int_t)b->rows.shape[0],
                                    "model", b->values->model, "l2", b->l2, "l1", b->values->l1, "optimum",
                                    b->best, "threads", (int)b->values->common.threads, "pairs",
                                    (json_int_t)b->values->pairs, "methods", list),
                          err);
}

static void print_table(const struct bench *b)
{
    printf("%s: %llu rows, %llu columns; %s, l2 %g, l1 %g; optimum %.16g; %d thread%s, median of %llu\n",
           b->path, (unsigned long long)b->rows.rows, (unsigned long long)b->rows.shape[0], b->values->model,
           b->l2, b->values->l1, b->best, (int)b->values->common.threads,
           b->values->common.threads == 1 ? "" : "s", (unsigned long long)b->values->pairs);
    printf("%-28s %10s %10s %10s  seconds to a loss within that share of the optimum; passes\n", "method",
           "1e-3", "1e-6", "1e-9");
    for (size_t i = 0; i < b->n; i++) {
        const struct method *m = &b->methods[i];
        printf("%-28s", m->name);
        for (size_t k = 0; k < SHARES; k++) {
            const double seconds = median_of(b, m, k);
            if (isnan(seconds)) printf(" %10s", "-");
            else printf(" %10.4f", seconds);
        }
        for (size_t k = 0; m->is_ours && k < SHARES && !isnan(median_of(b, m, k)); k++)
            printf("%s%.4g", k ? " " : "  ", m->passes[k]);
        printf("\n");
    }
}

static tw_status measure(struct bench *b, tw_error *err)
{
    CLI_TRY(find_best(b, err));
    CLI_TRY(list_methods(b, err));
    const size_t ours = b->n;
    for (size_t pair = 0; pair < b->values->pairs; pair++) {
        for (size_t i = 0; i < ours; i++) CLI_TRY(measure_ours(b, &b->methods[i], pair, err));
        if (b->values->peer) CLI_TRY(measure_theirs(b, pair, err));
    }
    if (b->values->common.json) return print_json(b, err);
    print_table(b);
    return TW_OK;
}

/* ---- The command ---- */

/* Those have both penalties. */
static int is_linear(const char *kind)
{
    const tw_model_kind *k;
    for (size_t i = 0; (k = tw_model_kind_at(i)); i++)
        for (int j = 0; strcmp(k->name, kind) == 0 && j < k->n_options; j++)
            if (strcmp(k->options[j].name, "l1") == 0) return 1;
    return 0;
}

static tw_status open_all(struct bench *b, tw_error *err)
{
    const struct values *v = b->values;
    char spec[TW_SPEC_MAX], kind[TW_SPEC_MAX];
    snprintf(kind, sizeof kind, "%.*s", (int)strcspn(v->model, ":"), v->model);
    if (!is_linear(kind))
        return cli_fail(err, TW_ERR_SPEC, "--model %.60s: no linear model (thalweg models lists them)", kind);
    CLI_TRY(cli_context(&v->common, &b->ctx, err));
    CLI_TRY(tw_data_open(b->ctx, b->path, NULL, &b->data, NULL, NULL, err));
    CLI_TRY(tw_data_info_get(b->data, &b->rows, err));
    b->l2 = v->l2 >= 0 ? v->l2 : 1 / (double)b->rows.rows;
    const int n = snprintf(spec, sizeof spec, "%s%cl2=%.17g,l1=%.17g", v->model,
                           strchr(v->model, ':') ? ',' : ':', b->l2, v->l1);
    if (n >= (int)sizeof spec) return cli_fail(err, TW_ERR_SPEC, "--model %.60s...: too long", v->model);
    CLI_TRY(tw_model_create(&b->model, b->ctx, spec, TW_F64, b->data, 0, err));
    return tw_model_objective(b->model, b->data, &b->objective, err);
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    if (v->peer && access(v->peer, R_OK))
        return cli_fail(err, TW_ERR_NOT_FOUND, "%.200s: %s", v->peer, strerror(errno));
    struct bench *b = cli_alloc(1, sizeof *b, err);
    if (!b) return TW_ERR_MEMORY;
    *b = (struct bench){.values = v,
                        .path = call->word[0],
                        .rows = {.size = sizeof b->rows},
                        .objective = TW_OBJECTIVE_INIT};
    tw_status status = open_all(b, err);
    if (status == TW_OK) status = measure(b, err);
    tw_model_objective_free(&b->objective);
    tw_model_free(b->model);
    tw_data_free(b->data);
    tw_context_free(b->ctx);
    free(b);
    return status;
}

const struct cli_command cli_command_bench_linear = {
    .name = "bench linear",
    .usage = "FILE [--model M] [--l2 L] [--l1 L] [--methods \"A B C\"] [--pairs N] [--peer SCRIPT] [--json]",
    .help = "time linear models to a relative suboptimality, compared with other programs",
    .examples = "thalweg bench linear a9a --peer bench/linear_peers.py\n"
                "thalweg bench linear a9a --l2 3e-7 --methods \"newton lbfgs saga:lr=0.1\"",
    .least = 1,
    .most = 1,
    .options = options,
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
