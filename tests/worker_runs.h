/* Runs over several workers, for tests of exchanges: a model on some rows, its weights after some epochs.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_WORKER_RUNS_H
#define TESTS_WORKER_RUNS_H
#include "networks.h"

/* What is learnt, and how; zero: sgd, batches of 32, 3 epochs, 2 threads. */
typedef struct worker_run {
    networks_maker *rows;
    const char *model;
    int classes;
    uint64_t n_rows;
    tw_type type;
    tw_run_options o;
    int threads;
    uint64_t looked_at;    /* its state is visited after so many updates, by rank 0 where there are several */
    double moved;          /* added to the first weight of the run that is made, as by a state of another */
    tw_exchange_info info; /* afterwards, but for its workers and its spec; workers 0: the run had none */
    char spec[TW_SPEC_MAX];
    double loss; /* of the last epoch */
} worker_run;

/* Rows of so many columns, of which each touches four. */
static inline tw_data *worker_rows(tw_context *ctx, uint64_t rows, int classes, uint32_t width)
{
    enum { EACH = 4 };
    float *x = malloc(rows * EACH * sizeof *x);
    uint32_t *columns = malloc(rows * EACH * sizeof *columns);
    uint64_t *starts = malloc((rows + 1) * sizeof *starts);
    int32_t *labels = malloc(rows * sizeof *labels);
    for (uint64_t i = 0; i < rows; i++) {
        starts[i] = i * EACH;
        labels[i] = (int32_t)(tw__random_below(1, TW__FOR_TEST, 5, i, (uint64_t)classes));
        for (uint32_t k = 0; k < EACH; k++) {
            columns[i * EACH + k] =
                k * (width / EACH) +
                (uint32_t)tw__random_below(1, TW__FOR_TEST, 6, i * EACH + k, width / EACH);
            x[i * EACH + k] = (float)tw__random_unit(1, TW__FOR_TEST, 7, i * EACH + k) - 0.5f;
        }
    }
    starts[rows] = rows * EACH;
    const tw_data_info info = {.size = sizeof info,
                               .rows = rows,
                               .rank = 1,
                               .shape = {width},
                               .type = TW_F32,
                               .x = x,
                               .starts = starts,
                               .columns = columns,
                               .labels = labels};
    tw_data *data;
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    free(x);
    free(columns);
    free(starts);
    free(labels);
    return data;
}

/* So many that a row's gradient is a list. */
static inline tw_data *worker_sparse(tw_context *ctx, uint64_t rows, int classes)
{
    return worker_rows(ctx, rows, classes, 600);
}

static inline tw_status worker_field(tw_visitor *v, const char *name, tw_type type, int rank,
                                     const int64_t *shape, void *data, tw_error *err)
{
    (void)v, (void)name, (void)type, (void)rank, (void)shape, (void)data, (void)err;
    return TW_OK;
}

static inline tw_status worker_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                                    tw_context *ctx, tw_error *err)
{
    (void)v, (void)name, (void)type, (void)n, (void)data, (void)ctx, (void)err;
    return TW_OK;
}

static inline tw_status worker_epochs_and_look(tw_run *run, uint64_t looked_at, tw_error *err)
{
    tw_visitor v = {.loading = TW_SHOW, .field = worker_field, .list = worker_list};
    int status = TW_RUN_GOING;
    tw_status s = TW_OK;
    while (s == TW_OK && status == TW_RUN_GOING) {
        s = tw_run_step(run, &status, err);
        if (s == TW_OK && status == TW_RUN_GOING && looked_at && tw_run_steps(run) == looked_at)
            s = tw_run_visit(run, &v, err);
    }
    return s;
}

static inline tw_status worker_epochs(tw_run *run, tw_error *err)
{
    return worker_epochs_and_look(run, 0, err);
}

/* The weights that the exchange comes to, to be freed; NULL with *err. */
static inline void *worker_weights(worker_run *r, const char *exchange, size_t *bytes, tw_error *err)
{
    tw_context *ctx = networks_context(r->threads ? r->threads : 2);
    tw_data *data = r->rows(ctx, r->n_rows ? r->n_rows : 300, r->classes);
    tw_model *model;
    tw_run *run;
    tw_objective objective = TW_OBJECTIVE_INIT;
    tw_run_options o = r->o;
    void *weights = NULL;
    size_t n;
    o.size = sizeof o;
    o.exchange = exchange;
    if (!o.optimizer && !o.solver) o.optimizer = "sgd:lr=0.05";
    if (!o.epochs) o.epochs = 3;
    o.seed = 3;
    if (tw_model_create(&model, ctx, r->model, r->type ? r->type : TW_F64, data, 5, err) != TW_OK)
        fail_msg("%s: %s", r->model, err->message);
    assert_int_equal(tw_model_objective(model, data, &objective, err), TW_OK);
    tw_status s = tw_run_create(&run, ctx, &objective, NULL, tw_model_weights(model), &o, err);
    if (r->moved != 0) *(double *)tw_model_weights(model) += r->moved;
    if (s == TW_OK) s = worker_epochs_and_look(run, r->looked_at, err);
    if (s == TW_OK) {
        *bytes = tw_model_size(model) * tw_type_size(r->type ? r->type : TW_F64);
        weights = malloc(*bytes);
        memcpy(weights, tw_model_weights(model), *bytes);
        r->info = (tw_exchange_info){.size = sizeof r->info};
        if (tw_run_exchange(run, &r->info, NULL) != TW_OK) r->info.workers = 0;
        if (r->info.workers) snprintf(r->spec, sizeof r->spec, "%s", r->info.spec);
        const tw_epoch *line = tw_run_history(run, &n);
        r->loss = n ? line[n - 1].loss : NAN; /* of several processes one has a history */
    }
    tw_run_free(run);
    tw_model_objective_free(&objective);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
    return weights;
}

/* Both exchanges come to the same bits. */
static inline void worker_same(worker_run *r, const char *exchange, const char *other)
{
    tw_error err = {0};
    size_t bytes = 0, others = 0;
    void *a = worker_weights(r, exchange, &bytes, &err);
    if (!a) fail_msg("%s, %s: %s", r->model, exchange, err.message);
    const double loss = r->loss;
    void *b = worker_weights(r, other, &others, &err);
    if (!b) fail_msg("%s, %s: %s", r->model, other, err.message);
    assert_int_equal(bytes, others);
    if (memcmp(a, b, bytes) != 0 || (loss != r->loss && (loss == loss || r->loss == r->loss)))
        fail_msg("%s with %s: %s and %s differ", r->model, r->o.optimizer ? r->o.optimizer : "sgd", exchange,
                 other);
    free(a);
    free(b);
}

static inline double *worker_doubles(worker_run *r, const char *exchange, size_t *n)
{
    tw_error err = {0};
    size_t bytes = 0;
    double *w = worker_weights(r, exchange, &bytes, &err);
    if (!w) fail_msg("%s: %s", exchange, err.message);
    *n = bytes / sizeof *w;
    return w;
}

/* What the workers of a run have done. */
static inline tw_exchange_info worker_told(worker_run *r, const char *exchange)
{
    size_t n;
    free(worker_doubles(r, exchange, &n));
    assert_true(r->info.workers > 0);
    return r->info;
}

static inline double worker_distance(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}

/* Two runs have moved n weights from 0, to the same up to rounding. Frees both. */
static inline void worker_moved_alike(double *a, double *b, size_t n)
{
    double moved = 0;
    for (size_t i = 0; i < n; i++) {
        moved += fabs(b[i]);
        assert_true(fabs(a[i] - b[i]) < 1e-14);
    }
    assert_true(moved > 0.01);
    free(a);
    free(b);
}

/* Both exchanges come to the same weights up to rounding, 0: to the same bits; the simulator counts losses
 * in the order of its clock, and their sum may be rounded another way. */
static inline void worker_same_weights(worker_run *r, const char *exchange, const char *other,
                                       double tolerance)
{
    size_t n, m;
    double *a = worker_doubles(r, exchange, &n), *b = worker_doubles(r, other, &m);
    assert_int_equal(n, m);
    if (tolerance == 0) assert_memory_equal(a, b, n * sizeof *a);
    for (size_t i = 0; tolerance > 0 && i < n; i++)
        if (!(fabs(a[i] - b[i]) <= tolerance * (1 + fabs(a[i]))))
            fail_msg("%s and %s: weight %zu is %.17g and %.17g", exchange, other, i, a[i], b[i]);
    free(a);
    free(b);
}

static const char worker_batch_norm[] =
    "conv2d 4 3x3; batchnorm; relu; maxpool2d 2x2; flatten; dense 5; batchnorm; tanh; dense 3 softmax";
static const char worker_carried[] = "embedding 5 3; lstm 4 carry=1; dense 5 softmax";

/* The exchange comes to the bits of one process for batches in and out of the tree's shape, the last of an
 * epoch with fewer leaves than there are workers. */
static inline void worker_exact(const char *exchange)
{
    static const uint64_t batches[] = {1, 9, 32, 100, 300};
    for (size_t b = 0; b < sizeof batches / sizeof batches[0]; b++) {
        worker_run net = {.rows = networks_data,
                          .model = "flatten; dense 9 relu; dropout 0.2; dense 3 softmax",
                          .classes = 3,
                          .o.batch = batches[b]};
        worker_run sparse = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = batches[b]};
        worker_same(&net, exchange, "local");
        worker_same(&sparse, exchange, "local");
    }
}

/* Likewise for sums over the batch within an evaluation, state that is handed on, penalties, large batches,
 * sparse steps of rules that step all else. */
static inline void worker_exact_for_hard_models(const char *exchange)
{
    worker_run joined = {.rows = networks_data, .model = worker_batch_norm, .classes = 3, .o.batch = 40};
    worker_run large = {.rows = networks_data,
                        .model = worker_batch_norm,
                        .classes = 3,
                        .n_rows = 700,
                        .o.batch = 600};
    worker_run streams = {.rows = networks_sequence, .model = worker_carried, .classes = 5, .o.batch = 37};
    worker_run penalised = {.rows = worker_sparse, .model = "logistic:l2=0.01", .classes = 2};
    worker_run touched = {.rows = worker_sparse, .model = "softmax", .classes = 3};
    touched.o.sparse = TW_RUN_SPARSE_TOUCHED;
    touched.o.optimizer = joined.o.optimizer = streams.o.optimizer = "adam:lr=0.01";
    worker_same(&joined, exchange, "local");
    worker_same(&large, exchange, "local");
    worker_same(&streams, exchange, "local");
    worker_same(&penalised, exchange, "local");
    worker_same(&touched, exchange, "local");
}

/* Likewise for every rule, of a network with so many hidden units. */
static inline void worker_exact_for_every_rule(const char *exchange, int units)
{
    char model[64];
    const tw_rule *rule;
    snprintf(model, sizeof model, "flatten; dense %d tanh; dense 3 softmax", units);
    for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++) {
        worker_run r = {.rows = networks_data, .model = model, .classes = 3, .n_rows = 60};
        r.o.optimizer = rule->name;
        r.o.estimator = strcmp(rule->name, "rprop") == 0 ? "full" : NULL;
        worker_same(&r, exchange, "local");
    }
}

/* The run is refused, with a message that holds these words. */
static inline void worker_refused(worker_run *r, const char *exchange, const char *words)
{
    tw_error err = {0};
    size_t bytes = 0;
    void *w = worker_weights(r, exchange, &bytes, &err);
    if (w || err.code != TW_ERR_SPEC || !strstr(err.message, words))
        fail_msg("%s: \"%s\" and not \"%s\"", exchange, w ? "runs" : err.message, words);
    free(w);
}
#endif
