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
        cmocka_unit_test(same_bits_later),
        cmocka_unit_test(every_update_once),
        cmocka_unit_test(time_of_an_evaluation),
        cmocka_unit_test(failures_are_poisson),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
