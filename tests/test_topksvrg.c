/* Means of the nearest replicas alone: `nearest` of average, and top-k SVRG, whose workers run svrg on rows
 * of their own between two such means.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"

static const char net[] = "flatten; dense 9 relu; dropout 0.2; dense 3 softmax";

/* ---- by hand ------------------------------------------------------------------------------------------- */

/* Row i: curve (w - target)^2 / 2. */
enum { N_ROWS = 4 };
static const double curve[N_ROWS] = {1, 3, 0.5, 2};
static double target[N_ROWS];

static int eval(void *user, const tw_eval *e)
{
    const double w = *(const double *)e->w;
    (void)user;
    *e->sums = (tw_sums){0, (double)e->n, 0};
    if (e->want & TW_WANT_GRADIENT) *(double *)e->gradient = 0;
    for (size_t k = 0; k < e->n; k++) {
        const double off = w - target[e->rows[k]], slope = curve[e->rows[k]] * off;
        e->sums->loss += slope * off / 2;
        if (e->want & TW_WANT_GRADIENT) *(double *)e->gradient += slope;
    }
    return 0;
}

static tw_status fork_rows(void *user, tw_context *ctx, tw_objective *copy, tw_error *err);
static void free_rows(tw_objective *copy) { (void)copy; }
static const int64_t one[] = {1};
static const tw_tensor tensor = {"w", 1, one, 0, 0};
static const tw_objective problem = {.size = sizeof problem,
                                     .type = TW_F64,
                                     .tensors = &tensor,
                                     .n_tensors = 1,
                                     .n_rows = N_ROWS,
                                     .lanes = 1,
                                     .eval = eval,
                                     .fork = fork_rows,
                                     .free_fork = free_rows};

static tw_status fork_rows(void *user, tw_context *ctx, tw_objective *copy, tw_error *err)
{
    (void)user, (void)ctx, (void)err;
    *copy = problem;
    return TW_OK;
}

/* The weight after so many epochs, from `start`, in updates of single rows in their order. */
static double weight_after(const char *exchange, const char *optimizer, double start, uint64_t epochs)
{
    static const uint64_t order[N_ROWS] = {0, 1, 2, 3};
    tw_context *ctx = networks_context(1);
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    tw_error err;
    tw_run *run;
    o.optimizer = optimizer;
    o.exchange = exchange;
    o.epochs = epochs;
    o.batch = 1;
    if (strncmp(optimizer, "sgd", 3) == 0) {
        o.order = order;
        o.n_order = N_ROWS;
    }
    if (tw_run_create(&run, ctx, &problem, NULL, &start, &o, &err) != TW_OK) fail_msg("%s", err.message);
    if (worker_epochs(run, &err) != TW_OK) fail_msg("%s", err.message);
    tw_run_free(run);
    tw_context_free(ctx);
    return start;
}

static void is_near(const char *what, double w, double expected)
{
    if (!(fabs(w - expected) < 1e-14)) fail_msg("%s: the weight is %.17g, not %.17g", what, w, expected);
}

/* From 0 worker i comes to lr curve target in its step. */
static void the_nearest_are_averaged(void **state)
{
    static const struct {
        const char *exchange;
        double target[N_ROWS], mean;
    } known[] = {
        {"average:every=1,nearest=1,workers=4", {2, 0.5, -1, 3}, 0.1 * -0.5},
        {"average:every=1,nearest=2,workers=4", {2, 0.5, -1, 3}, 0.1 * (-0.5 + 1.5) / 2},
        {"average:every=1,nearest=3,workers=4", {2, 0.5, -1, 3}, 0.1 * (-0.5 + 1.5 + 2) / 3},
        {"average:every=1,nearest=4,workers=4", {2, 0.5, -1, 3}, 0.1 * (-0.5 + 1.5 + 2 + 6) / 4},
        /* 3, -3, 3, -3: of those that are as near as each other the first */
        {"average:every=1,nearest=1,workers=4", {3, -1, 6, -1.5}, 0.1 * 3},
        {"average:every=1,nearest=3,workers=4", {3, -1, 6, -1.5}, 0.1 * 3 / 3},
        {"average:every=1,nearest=1,workers=4", {-3, 1, 6, -1.5}, 0.1 * -3},
        {"average:every=1,nearest=2,workers=4", {9, 1, 6, -1.5}, 0.1 * 3},
        {"sim:workers=4,times=4|3|2|1+average:every=1,nearest=1", {-3, 1, 6, -1.5}, 0.1 * -3},
        /* the steps of two rounds: of 4 workers' rows 0 and 1, then of 2 and 3 at the mean of the first */
        {"average:every=1,nearest=1,workers=2", {3, 0.5, 2, 5}, 0.15 + 0.1 * 0.5 * (2 - 0.15)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        memcpy(target, known[i].target, sizeof target);
        is_near(known[i].exchange, weight_after(known[i].exchange, "sgd:lr=0.1", 0, 1), known[i].mean);
    }
}

/* Rounds of 8 updates on 4 workers with a row each: both of a worker's steps are by its row alone, the first,
 * at the snapshot u, by the full gradient G. Two come to u - 2 lr G + lr^2 curve G, so those of the greatest
 * curves are nearest. */
static void rounds_of_topksvrg(void **state)
{
    static const double lr = 0.1;
    static const struct {
        const char *exchange;
        double curves; /* the mean of those that are nearest */
    } known[] = {{"topksvrg:nearest=1,workers=4", 3},
                 {"topksvrg:nearest=2,workers=4", (3 + 2) / 2.0},
                 {"topksvrg:workers=4", (3 + 2) / 2.0},
                 {"topksvrg:k=3,workers=4", (3 + 2 + 1) / 3.0},
                 {"topksvrg:nearest=4,workers=4", (3 + 2 + 1 + 0.5) / 4},
                 {"sim:workers=4,jitter=exponential,latency=0.5+topksvrg:nearest=3", (3 + 2 + 1) / 3.0}};
    (void)state;
    memcpy(target, (const double[]){2, 0.5, -1, 3}, sizeof target);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        double u = 5;
        for (int round = 1; round <= 3; round++) {
            double g = 0;
            for (int k = 0; k < N_ROWS; k++) g += curve[k] * (u - target[k]) / N_ROWS;
            u -= 2 * lr * g - lr * lr * known[i].curves * g;
            is_near(known[i].exchange,
                    weight_after(known[i].exchange, "svrg:lr=0.1,m=8", 5, 2 * (uint64_t)round), u);
        }
    }
}

/* ---- identities ---------------------------------------------------------------------------------------- */

static void all_workers_are_average(void **state)
{
    worker_run joined = {.rows = networks_data, .model = worker_batch_norm, .classes = 3, .o.batch = 40};
    worker_run sparse = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 7};
    (void)state;
    joined.o.optimizer = "adam:lr=0.01";
    worker_same(&joined, "average:every=4,nearest=3,workers=3", "average:every=4,workers=3");
    worker_same(&sparse, "average:every=4,nearest=5,workers=5", "average:every=4,workers=5");
    worker_same(&sparse, "average:every=0,nearest=2,workers=2", "average:every=0,workers=2");
}

static void one_worker_is_svrg(void **state)
{
    static const char *const estimators[] = {"svrg", "svrg:m=7", "svrg:option=loopless,m=11"};
    (void)state;
    for (size_t i = 0; i < sizeof estimators / sizeof estimators[0]; i++) {
        worker_run r = {.rows = networks_data,
                        .model = net,
                        .classes = 3,
                        .o.estimator = estimators[i],
                        .o.optimizer = "adam:lr=0.01"};
        worker_run sparse = {.rows = worker_sparse,
                             .model = "softmax:l2=0.01",
                             .classes = 3,
                             .o.batch = 3,
                             .o.estimator = estimators[i],
                             .o.fused = TW_RUN_FUSED_NO};
        worker_same(&r, "topksvrg:workers=1", "local");
        worker_same(&sparse, "sim:workers=1+topksvrg", "local");
    }
}

/* Threads and simulated workers come to the same bits, also in rounds of fewer updates than workers. */
static void transports_agree(void **state)
{
    static const char *const pairs[][2] =
        {{"average:every=3,nearest=2,workers=3",
          "sim:workers=3,jitter=exponential,latency=0.3+average:every=3,nearest=2"},
         {"topksvrg:nearest=2,workers=3", "sim:workers=3,jitter=exponential,latency=0.3+topksvrg:nearest=2"},
         {"topksvrg:workers=8", "sim:workers=8,stragglers=2,slow=9,failures=20,restart=3+topksvrg"}};
    static const char *const estimators[] = {"svrg", "svrg:m=3", "svrg:option=loopless,m=5"};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        for (size_t k = 0; k < (i ? sizeof estimators / sizeof estimators[0] : 1); k++) {
            worker_run dense = {.rows = networks_data, .model = net, .classes = 3, .o.optimizer = "adam"};
            worker_run sparse = {.rows = worker_sparse, .model = "logistic:l2=0.01", .classes = 2};
            dense.o.estimator = sparse.o.estimator = i ? estimators[k] : NULL;
            worker_same_weights(&dense, pairs[i][0], pairs[i][1], 0);
            worker_same_weights(&sparse, pairs[i][0], pairs[i][1], 0);
            worker_same(&dense, pairs[i][0], pairs[i][0]);
        }
}

/* ---- the rate ------------------------------------------------------------------------------------------ */

/* Each further stretch of epochs brings the weights nearer to the optimum of all rows by a factor, though no
 * worker's steps see rows of others. */
static void linear_rate(void **state)
{
    enum { STRETCH = 16, STRETCHES = 3 };
    static const char *const exchanges[] = {"topksvrg:workers=4", "topksvrg:nearest=1,workers=4",
                                            "topksvrg:nearest=4,workers=4"};
    worker_run r = {.rows = worker_sparse,
                    .model = "logistic:l2=0.02",
                    .classes = 2,
                    .n_rows = 2000,
                    .o.batch = 1,
                    .o.optimizer = "svrg:lr=0.1"};
    size_t n = 0;
    (void)state;
    r.o.epochs = 60;
    double *optimum = worker_doubles(&r, "local", &n);
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        double before = INFINITY;
        for (int k = 1; k <= STRETCHES; k++) {
            r.o.epochs = (uint64_t)(k * STRETCH);
            double *w = worker_doubles(&r, exchanges[i], &n);
            const double now = worker_distance(w, optimum, n);
            if (!(now < 0.1 * before || now < 1e-12))
                fail_msg("%s: %g after %d epochs, %g before", exchanges[i], now, k * STRETCH, before);
            before = now;
            free(w);
        }
    }
    free(optimum);
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static void refused(void **state)
{
    worker_run r = {.rows = worker_sparse, .model = "logistic:l2=0.01", .classes = 2};
    (void)state;
    worker_refused(&r, "average:nearest=-1,workers=2", "nearest = -1 is outside [0,");
    worker_refused(&r, "average:nearest=3,workers=2", "nearest = 3 is more than the 2 workers");
    worker_refused(&r, "sim:workers=8+topksvrg:nearest=9", "nearest = 9 is more than the 8 workers");
    r.o.optimizer = "saga";
    worker_refused(&r, "topksvrg:workers=2", "is for the estimator svrg, not saga");
    r.o.optimizer = "svrg:option=II";
    worker_refused(&r, "topksvrg:workers=2", "goes back to an iterate of one process");
    r.o.optimizer = "svrg";
    worker_refused(&r, "average:workers=2", "has no barrier");
    r.o.sparse = TW_RUN_SPARSE_DEGREE;
    worker_refused(&r, "topksvrg:workers=2", "the rows are cut into shards");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_are_averaged),
        cmocka_unit_test(rounds_of_topksvrg),
        cmocka_unit_test(all_workers_are_average),
        cmocka_unit_test(one_worker_is_svrg),
        cmocka_unit_test(transports_agree),
        cmocka_unit_test(linear_rate),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
