/* Parameter servers: exact where workers share each update, stale within bounds where they do not, refused
 * where they cannot be used.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"

/* ---- the bits of one process --------------------------------------------------------------------------- */

static void bsp_is_local(void **state)
{
    static const char *const exchanges[] = {"ps:workers=1",
                                            "ps:workers=2",
                                            "ps:workers=3,servers=2",
                                            "ps:workers=4",
                                            "ps:workers=8,servers=3",
                                            "ps:sync=ssp,staleness=0,workers=3",
                                            "sim:workers=5",
                                            "sim:workers=3,jitter=exponential+ps:servers=2"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) worker_exact(exchanges[i]);
}

static void bsp_is_local_for_every_rule(void **state)
{
    (void)state;
    worker_exact_for_every_rule("ps:workers=3,servers=2", 6);
}

static void bsp_is_local_for_hard_models(void **state)
{
    static const char *const exchanges[] = {"ps:workers=2", "ps:workers=3", "ps:workers=8"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++)
        worker_exact_for_hard_models(exchanges[i]);
}

static void one_worker_is_local(void **state)
{
    static const char *const exchanges[] = {"ps:sync=asp,workers=1", "ps:sync=ssp,workers=1,servers=4",
                                            "sim:workers=1,sync=asp"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        worker_run net = {.rows = networks_data,
                          .model = "flatten; dense 90 relu; dense 3 softmax",
                          .classes = 3,
                          .o.optimizer = "adam"};
        worker_run sparse = {.rows = worker_sparse,
                             .model = "logistic",
                             .classes = 2,
                             .o.optimizer = "adagrad"};
        worker_same(&net, exchanges[i], "local");
        worker_same(&sparse, exchanges[i], "local");
    }
}

/* ---- staleness ----------------------------------------------------------------------------------------- */

static worker_run stale_run(void)
{
    return (
        worker_run){.rows = worker_sparse, .model = "logistic", .classes = 2, .n_rows = 3000, .o.batch = 1};
}

/* Workers whose evaluations take exponential times: between two of a worker's steps come those of each other
 * worker, one on the average. */
static void mean_staleness_of_asp(void **state)
{
    static const int workers[] = {2, 5, 20};
    char exchange[80];
    (void)state;
    for (size_t i = 0; i < sizeof workers / sizeof workers[0]; i++) {
        worker_run r = stale_run();
        snprintf(exchange, sizeof exchange, "sim:workers=%d,sync=asp,jitter=exponential", workers[i]);
        worker_told(&r, exchange);
        assert_true(fabs(r.info.mean_staleness - (workers[i] - 1)) < 0.05 * workers[i]);
    }
}

/* The longest of n exponential times is 1 + 1/2 + ... + 1/n of their mean. */
static void time_of_bsp(void **state)
{
    enum { WORKERS = 4 };
    worker_run r = stale_run();
    (void)state;
    r.o.batch = 8 * WORKERS;
    r.o.epochs = 10;
    worker_told(&r, "sim:workers=4,jitter=exponential");
    double mean = 0;
    for (int i = 1; i <= WORKERS; i++) mean += 1.0 / i;
    const double clocks = 10 * ceil(3000.0 / r.o.batch);
    assert_true(fabs(r.info.seconds / clocks - mean / WORKERS) < 0.1 / WORKERS);
    assert_true(isnan(r.info.mean_staleness));
}

/* A worker that is slow holds the others back: they get as far ahead as they may, and no further. */
static void ssp_is_bounded(void **state)
{
    (void)state;
    for (int staleness = 1; staleness < 8; staleness++) {
        const int workers = 4;
        char exchange[120];
        worker_run r = stale_run();
        snprintf(exchange, sizeof exchange, "sim:workers=%d,stragglers=1,slow=50+ps:sync=ssp,staleness=%d",
                 workers, staleness);
        worker_told(&r, exchange);
        /* the slow one's gradient is as old as what the others may make meanwhile */
        assert_int_equal(r.info.most_stale, (workers - 1) * (staleness + 1));
    }
}

static void simulation_repeats(void **state)
{
    worker_run r = stale_run();
    (void)state;
    worker_same(&r, "sim:workers=30,sync=asp,jitter=lognormal,latency=0.1,service=0.01",
                "sim:workers=30,sync=asp,jitter=lognormal,latency=0.1,service=0.01");
}

static void threads_make_all_updates(void **state)
{
    static const char *const exchanges[] = {"ps:sync=asp,workers=4", "ps:sync=ssp,staleness=2,workers=3",
                                            "ps:sync=asp,workers=3,servers=2"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        worker_run r = stale_run();
        worker_told(&r, exchanges[i]);
        uint64_t steps = 0;
        for (int k = 0; k < TW_STALENESS_BINS; k++) steps += r.info.staleness[k];
        assert_int_equal(steps, 9000);
        assert_true(r.loss < 0.7);
    }
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static void refused(void **state)
{
    worker_run net = {.rows = networks_data,
                      .model = "flatten; dense 90 relu; dense 3 softmax",
                      .classes = 3};
    worker_run joined = {.rows = networks_data, .model = worker_batch_norm, .classes = 3};
    worker_run streams = {.rows = networks_sequence, .model = worker_carried, .classes = 5, .o.batch = 20};
    (void)state;
    worker_refused(&net, "ps:staleness=-1", "staleness = -1 is outside [0, 1048576]");
    worker_refused(&net, "ps:sink=bsp", "ps on threads has no option \"sink\" (did you mean \"sync\"?)");
    worker_refused(&net, "ps+sim", "a transport comes first");
    worker_refused(&net, "sim:workers=4+local", "local has one process");
    worker_refused(&joined, "sim:workers=3", "batch normalisation waits within an evaluation");
    worker_refused(&streams, "ps:sync=asp,workers=2", "workers must share it");
    net.o.optimizer = "lamb";
    worker_refused(&net, "ps:sync=asp,workers=2,servers=2", "measures whole tensors");
    net.o.optimizer = NULL;
    net.o.estimator = "svrg";
    worker_refused(&net, "ps:workers=2", "a direction of svrg is one worker's");
    net.o.estimator = NULL;
    net.o.nonfinite = TW_NONFINITE_SKIP;
    worker_refused(&net, "ps:workers=2", "nonfinite must be error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bsp_is_local),
        cmocka_unit_test(bsp_is_local_for_every_rule),
        cmocka_unit_test(bsp_is_local_for_hard_models),
        cmocka_unit_test(one_worker_is_local),
        cmocka_unit_test(mean_staleness_of_asp),
        cmocka_unit_test(time_of_bsp),
        cmocka_unit_test(ssp_is_bounded),
        cmocka_unit_test(simulation_repeats),
        cmocka_unit_test(threads_make_all_updates),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
