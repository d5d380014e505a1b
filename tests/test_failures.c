/* Simulated workers that fail and come back: what they lose, what nobody may lose, and how long it takes.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"
#include <math.h>

/* What can be evaluated again where it was comes to the same bits, later. */
static void same_bits_later(void **state)
{
    static const char *const protocols[] = {"ps",
                                            "ps:servers=2",
                                            "ps:sync=ssp,staleness=0",
                                            "allreduce",
                                            "sharded",
                                            "roundrobin",
                                            "delayed",
                                            "average:every=3",
                                            "average:every=3,nearest=2",
                                            "topksvrg",
                                            "easgd:every=2",
                                            "diloco:every=4",
                                            "roundrobin-delayed"};
    (void)state;
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        char with[120], without[120];
        snprintf(with, sizeof with, "sim:workers=3,failures=4,restart=3+%s", protocols[i]);
        snprintf(without, sizeof without, "sim:workers=3+%s", protocols[i]);
        worker_run net = {.rows = networks_data,
                          .model = "flatten; dense 9 relu; dropout 0.2; dense 3 softmax",
                          .classes = 3,
                          .o.optimizer = "adam:lr=0.01"};
        worker_run sparse = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 9};
        worker_same_weights(&net, with, without, 0);
        worker_told(&sparse, without);
        const double whole = sparse.info.seconds;
        worker_told(&sparse, with);
        assert_true(sparse.info.seconds > whole * 1.1);
        worker_same_weights(&sparse, with, without, 0);
    }
    worker_run convex = {.rows = worker_sparse, .model = "logistic:l2=0.01", .classes = 2};
    worker_same_weights(&convex, "sim:workers=3,failures=4,restart=3+admm:every=4",
                        "sim:workers=3+admm:every=4", 0);
    worker_same_weights(&convex, "sim:workers=3,failures=4,restart=3+topksvrg", "sim:workers=3+topksvrg", 0);
}

/* Elsewhere every update is made once in the end, at other weights. */
static void every_update_once(void **state)
{
    static const char *const exchanges[] =
        {"sim:workers=8,sync=asp,jitter=exponential,failures=2,restart=1.5",
         "sim:workers=8,jitter=exponential,latency=0.2,failures=2,restart=4+ps:sync=ssp,staleness=2",
         "sim:workers=3,service=0.1,failures=1,restart=0+ps:sync=asp,servers=3",
         "sim:workers=8,jitter=lognormal,failures=3,restart=9+ps:sync=asp,oldest=5",
         "sim:workers=1000,sync=asp,jitter=exponential,latency=0.1,failures=0.5,restart=20"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        worker_run r = {.rows = worker_sparse,
                        .model = "logistic",
                        .classes = 2,
                        .n_rows = 1000,
                        .o.batch = 1,
                        .o.epochs = 2};
        worker_told(&r, exchanges[i]);
        uint64_t made = 0;
        for (int k = 0; k < TW_STALENESS_BINS; k++) made += r.info.staleness[k];
        assert_int_equal(made, 2000);
        assert_true(r.loss < 0.7);
    }
}

/* ---- a weight for every row ---------------------------------------------------------------------------- */

enum { N_ROWS = 60, WORKERS = 4, APART = 3 * TW_CHUNK / N_ROWS, SIZE = N_ROWS * APART };

/* The loss of row i is weight i APART: where steps are sgd:lr=1, that weight is minus how often the row was
 * stepped. Three servers have ranges of the weights. */
static int slopes(void *user, const tw_eval *e)
{
    double *g = e->gradient;
    (void)user;
    *e->sums = (tw_sums){.weight = (double)e->n};
    if (e->want & TW_WANT_GRADIENT) memset(g, 0, SIZE * sizeof *g);
    for (size_t i = 0; i < e->n; i++) {
        e->sums->loss += ((const double *)e->w)[e->rows[i] * APART];
        if (e->want & TW_WANT_GRADIENT) g[e->rows[i] * APART] += 1;
    }
    return 0;
}

typedef struct outcome {
    double w[SIZE];
    uint64_t updates, failures; /* of all workers together; without gradients that were ignored */
} outcome;

static outcome outcome_of(const char *exchange, uint64_t seed)
{
    static const int64_t shape[] = {SIZE};
    static const tw_tensor tensor = {.name = "w", .rank = 1, .shape = shape};
    const tw_objective objective = {.size = sizeof objective,
                                    .type = TW_F64,
                                    .tensors = &tensor,
                                    .n_tensors = 1,
                                    .n_rows = N_ROWS,
                                    .lanes = 1,
                                    .eval = slopes};
    const tw_run_options o = {.size = sizeof o,
                              .optimizer = "sgd:lr=1",
                              .batch = 1,
                              .epochs = 1,
                              .seed = seed,
                              .exchange = exchange};
    tw_exchange_info info = {.size = sizeof info};
    tw_context *ctx = networks_context(1);
    tw_run *run;
    tw_error err = {0};
    outcome r = {.updates = 0};
    if (tw_run_create(&run, ctx, &objective, NULL, r.w, &o, &err) != TW_OK ||
        worker_epochs(run, &err) != TW_OK)
        fail_msg("%s: %s", exchange, err.message);
    assert_int_equal(tw_run_steps(run), N_ROWS);
    assert_int_equal(tw_run_exchange(run, &info, NULL), TW_OK);
    for (size_t i = 0; i < info.workers; i++) {
        r.updates += info.worker[i].updates;
        r.failures += info.worker[i].failures;
    }
    r.updates -= info.ignored;
    tw_run_free(run);
    tw_context_free(ctx);
    return r;
}

/* Whatever a worker was doing when it failed, each row is stepped once and by as much as any other, none is
 * lost, and the same seed comes to the same bits. */
static void nothing_is_lost(void **state)
{
    enum { SEEDS = 12, ALL_SHARE = WORKERS };
    /* step: what a row's comes to; 0: it is spread over several. Workers that share an update each evaluate
     * all of them. */
    static const struct {
        const char *protocol;
        double step;
        uint64_t evaluations;
    } cases[] = {
        {"ps", 1, ALL_SHARE},
        {"ps:servers=3", 1, ALL_SHARE},
        {"ps:sync=ssp,staleness=0", 1, ALL_SHARE},
        {"ps:sync=ssp,staleness=1", 1, 1},
        {"ps:sync=ssp,staleness=2,servers=3", 1, 1},
        {"ps:sync=ssp,staleness=3,oldest=2", 1, 1},
        {"ps:sync=asp", 1, 1},
        {"ps:sync=asp,servers=3", 1, 1},
        {"ps:sync=asp,oldest=2", 1, 1},
        {"ps:sync=asp,gather=4", 0.25, 1},
        {"allreduce", 1, ALL_SHARE},
        {"sharded", 1, ALL_SHARE},
        {"downpour:server=\"sgd:lr=1\"", 1, 1},
        {"downpour:push=2,fetch=3,servers=3,server=\"sgd:lr=1\"", 1, 1},
        {"roundrobin", 1, 1},
        {"roundrobin-delayed", 1, 1},
        {"delayed", 1, ALL_SHARE},
        {"average:every=3", 0.25, 1},
        {"average:every=0", 0.25, 1},
        {"easgd:every=3", 0, 1},
        {"easgd:every=3,sync=0", 0, 1},
        {"diloco:every=3,outer=\"sgd:lr=1\"", 0.25, 1},
        {"diloco:every=3,sync=0,weight=full,outer=\"sgd:lr=1\"", 1, 1},
        {"diloco:every=3,sync=0,weight=full,buffer=2,outer=\"sgd:lr=1\"", 1, 1},
        {"diloco:every=3,sync=0,weight=full,grace=0.5,outer=\"sgd:lr=1\"", 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t failures = 0;
        char exchange[200];
        snprintf(exchange, sizeof exchange,
                 "sim:workers=4,jitter=exponential,latency=0.2,service=0.05,failures=2,restart=1.5+%s",
                 cases[i].protocol);
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            const outcome a = outcome_of(exchange, seed), b = outcome_of(exchange, seed);
            assert_memory_equal(&a, &b, sizeof a);
            failures += a.failures;
            if (a.updates != N_ROWS * cases[i].evaluations)
                fail_msg("%s, seed %llu: %llu evaluations", exchange, (unsigned long long)seed,
                         (unsigned long long)a.updates);
            for (size_t row = 0; row < N_ROWS && cases[i].step > 0; row++)
                if (a.w[row * APART] != -cases[i].step)
                    fail_msg("%s, seed %llu: row %zu has moved its weight by %g, not %g", exchange,
                             (unsigned long long)seed, row, -a.w[row * APART], cases[i].step);
        }
        if (failures < (uint64_t)SEEDS * WORKERS)
            fail_msg("%s: %llu failures", exchange, (unsigned long long)failures);
    }
}

/* ---- times --------------------------------------------------------------------------------------------- */

typedef struct totals {
    uint64_t updates, failures;
    double computing, down, seconds;
} totals;

static totals totals_of(const char *exchange, uint64_t rows)
{
    tw_context *ctx = networks_context(1);
    tw_data *data = worker_sparse(ctx, rows, 2);
    tw_model *model;
    tw_run *run;
    tw_error err = {0};
    tw_objective objective = TW_OBJECTIVE_INIT;
    tw_run_options o = {.size = sizeof o, .exchange = exchange, .optimizer = "sgd:lr=0.01"};
    tw_exchange_info info = {.size = sizeof info};
    totals t = {0};
    o.batch = o.epochs = 1;
    assert_int_equal(tw_model_create(&model, ctx, "logistic", TW_F64, data, 5, NULL), TW_OK);
    assert_int_equal(tw_model_objective(model, data, &objective, NULL), TW_OK);
    assert_int_equal(tw_run_create(&run, ctx, &objective, NULL, tw_model_weights(model), &o, NULL), TW_OK);
    if (worker_epochs(run, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(tw_run_exchange(run, &info, NULL), TW_OK);
    t.seconds = info.seconds;
    for (size_t i = 0; i < info.workers; i++) {
        t.updates += info.worker[i].updates;
        t.failures += info.worker[i].failures;
        t.computing += info.worker[i].computing;
        t.down += info.worker[i].down;
    }
    tw_run_free(run);
    tw_model_objective_free(&objective);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
    return t;
}

/* Of one worker an evaluation of T seconds takes (M + R) (exp(T/M) - 1) with failures every M seconds,
 * after each of which it is back after R. */
static void time_of_an_evaluation(void **state)
{
    static const double settings[][3] = {{1, 2, 0.5}, {1, 1, 3}, {2, 10, 5}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const double t = settings[i][0], m = settings[i][1], r = settings[i][2],
                     each = (m + r) * expm1(t / m);
        char exchange[100];
        snprintf(exchange, sizeof exchange, "sim:workers=1,sync=asp,time=%g,failures=%g,restart=%g", t, m, r);
        const totals all = totals_of(exchange, 20000);
        if (!(fabs(all.seconds / 20000 / each - 1) < 0.03))
            fail_msg("%s: %g s for an update, not %g", exchange, all.seconds / 20000, each);
    }
}

/* The seconds that are evaluated, in vain or not, have a failure every M; each number is computed once in the
 * end. */
static void failures_are_poisson(void **state)
{
    static const char *const exchanges[] =
        {"sim:workers=10,sync=asp,jitter=exponential,failures=3,restart=2",
         "sim:workers=4,jitter=lognormal,failures=3,restart=2+average:every=5"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const totals all = totals_of(exchanges[i], 20000);
        const double tried = all.computing + all.down - 2 * (double)all.failures;
        assert_int_equal(all.updates, 20000);
        if (!(fabs((double)all.failures * 3 / tried - 1) < 0.04))
            fail_msg("%s: %llu failures in %g s", exchanges[i], (unsigned long long)all.failures, tried);
    }
}

static void refused(void **state)
{
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2};
    (void)state;
    worker_refused(&r, "sim:failures=-1", "failures = -1 is outside [0,");
    worker_refused(&r, "sim:failures=nan", "failures = nan");
    worker_refused(&r, "sim:failures=5,restart=-2", "restart = -2 is outside [0,");
    worker_refused(
        &r, "sim:workers=2,sync=asp,stragglers=1,slow=100,failures=5",
        "fail every 5 s would hardly ever end an evaluation of 100 s: failures must be at least 10");
    worker_refused(&r, "ps:failures=5", "has no option \"failures\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_later),      cmocka_unit_test(every_update_once),
        cmocka_unit_test(nothing_is_lost),      cmocka_unit_test(time_of_an_evaluation),
        cmocka_unit_test(failures_are_poisson), cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
