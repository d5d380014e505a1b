/* SVRG on several workers (AsySVRG): the bits of one process where nobody races, the optimum at a linear rate
 * where they do, snapshots at which all rest, refused where there is no common point.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"
#include "distance.h"

static const char *const racing[] = {"hogwild:workers=4",
                                     "asysvrg:workers=2",
                                     "hogwild-cas:workers=3",
                                     "aig:workers=3,block=8",
                                     "mutex:workers=2",
                                     "ps:sync=asp,workers=3",
                                     "ps:sync=ssp,staleness=2,workers=3",
                                     "sim:workers=4,sync=asp,jitter=exponential",
                                     "sim:workers=3,jitter=lognormal,latency=0.2+ps:sync=asp,oldest=2"};
enum { N_RACING = sizeof racing / sizeof racing[0] };

/* ---- the bits of one process --------------------------------------------------------------------------- */

static void one_worker_is_local(void **state)
{
    static const char *const exchanges[] = {"hogwild:workers=1",     "hogwild-cas:workers=1",
                                            "aig:workers=1",         "mutex:workers=1",
                                            "ps:sync=asp,workers=1", "sim:workers=1,sync=asp",
                                            "roundrobin:workers=3",  "sim:workers=2+roundrobin"};
    static const char *const estimators[] = {"svrg", "svrg:m=7", "svrg:option=loopless,m=11",
                                             "svrg:blocks=5,m=20"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++)
        for (size_t k = 0; k < sizeof estimators / sizeof estimators[0]; k++) {
            worker_run net = {.rows = networks_data,
                              .model = "flatten; dense 7 tanh; dense 3 softmax",
                              .classes = 3,
                              .o.estimator = estimators[k],
                              .o.optimizer = "adam:lr=0.01",
                              .o.schedule = "cosine"};
            worker_run sparse = {.rows = worker_sparse,
                                 .model = "softmax:l2=0.01",
                                 .classes = 3,
                                 .o.batch = 3,
                                 .o.estimator = estimators[k],
                                 .o.fused = TW_RUN_FUSED_NO};
            worker_same(&net, exchanges[i], "local");
            worker_same(&sparse, exchanges[i], "local");
        }
}

/* ---- races --------------------------------------------------------------------------------------------- */

static worker_run convex(int by_degree)
{
    return (worker_run){.rows = worker_sparse,
                        .model = "logistic:l2=0.02",
                        .classes = 2,
                        .n_rows = 2000, /* so many that each column is touched */
                        .o.batch = 1,
                        .o.optimizer = "svrg:lr=0.1",
                        .o.sparse = by_degree ? TW_RUN_SPARSE_DEGREE : TW_RUN_SPARSE_EXACT};
}

/* Each further stretch of epochs brings the weights nearer to the optimum by a factor, down to rounding.
 * Plain steps of single rows do not get there. */
static void linear_rate(void **state)
{
    enum { STRETCH = 4, STRETCHES = 3 };
    size_t n = 0;
    worker_run best = convex(0), plain = convex(0);
    (void)state;
    best.o.epochs = 60;
    double *optimum = worker_doubles(&best, "local", &n);
    plain.o.epochs = STRETCH * STRETCHES;
    plain.o.optimizer = "sgd:lr=0.1";
    double *w = worker_doubles(&plain, "local", &n);
    assert_true(worker_distance(w, optimum, n) > 1e-2);
    free(w);
    for (size_t i = 0; i < N_RACING; i++)
        for (int by_degree = 0; by_degree < 2; by_degree++) {
            double before = INFINITY;
            for (int k = 1; k <= STRETCHES; k++) {
                worker_run r = convex(by_degree);
                r.o.epochs = (uint64_t)(k * STRETCH);
                w = worker_doubles(&r, racing[i], &n);
                const double now = worker_distance(w, optimum, n);
                if (!(now < 0.1 * before || now < 1e-12))
                    fail_msg("%s, %s: %g after %d epochs, %g before", racing[i],
                             by_degree ? "list" : "vector", now, k * STRETCH, before);
                before = now;
                free(w);
            }
        }
    free(optimum);
}

/* An update moves one block, and all are moved. */
static void blocks_are_moved_alone(void **state)
{
    enum { BLOCKS = 7 };
    size_t n = 0, m;
    char moved[601] = {0};
    (void)state;
    for (uint64_t updates = 1; updates <= 60; updates++) {
        worker_run r = convex(0), before = r;
        r.o.fused = before.o.fused = TW_RUN_FUSED_NO;
        r.o.optimizer = before.o.optimizer = "svrg:lr=0.1,blocks=7,m=3";
        r.n_rows = before.n_rows = 400;
        r.o.batch = before.o.batch = 400;
        r.o.epochs = updates + 1;
        before.o.epochs = updates;
        double *a = worker_doubles(&r, "local", &n), *b = worker_doubles(&before, "local", &m);
        size_t first = n, last = 0;
        for (size_t i = 0; i < n; i++)
            if (a[i] != b[i]) {
                moved[i] = 1;
                if (first == n) first = i;
                last = i;
            }
        assert_true(first < n && last - first < n / BLOCKS + 1);
        free(a);
        free(b);
    }
    for (size_t i = 0; i + 1 < n; i += 13) assert_true(moved[i] || moved[i + 1]);
}

/* All blocks together lead there, with Nesterov's momentum, too. */
static void momentum_of_blocks_reaches_the_optimum(void **state)
{
    size_t n;
    worker_run best = convex(0);
    (void)state;
    best.o.epochs = 60;
    double *optimum = worker_doubles(&best, "local", &n);
    for (int by_degree = 0; by_degree < 2; by_degree++) {
        worker_run r = convex(by_degree);
        r.o.optimizer = by_degree ? "sgd:lr=0.1" : "momentum:lr=0.05,momentum=0.9,nesterov=1";
        r.o.epochs = 40;
        double *w = worker_doubles(&r, "aasgd:workers=2", &n);
        assert_true(worker_distance(w, optimum, n) < 1e-6);
        free(w);
    }
    free(optimum);
}

/* The exchange brings the estimator. */
static void exchange_names_the_estimator(void **state)
{
    worker_run r = convex(0);
    tw_error err = {0};
    size_t n = 0;
    (void)state;
    r.o.fused = TW_RUN_FUSED_NO;
    double *svrg = worker_doubles(&r, "local", &n);
    r.o.optimizer = "sgd:lr=0.1";
    double *w = worker_weights(&r, "asysvrg:workers=1", &n, &err);
    assert_memory_equal(w, svrg, n);
    free(w);
    free(svrg);
}

/* A full gradient takes the workers together as long as an epoch's updates, and nobody begins before. */
static void virtual_time_of_rounds(void **state)
{
    worker_run r = convex(1);
    size_t n = 0;
    (void)state;
    r.n_rows = 300;
    r.o.optimizer = "svrg:lr=0.1,m=300";
    r.o.epochs = 4;
    free(worker_doubles(&r, "sim:workers=5+ps:sync=asp", &n));
    assert_true(fabs(r.info.seconds - 4 * (300 / 5 + 300 / 5)) < 1e-9);
    assert_int_equal(r.info.most_stale, 4);
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static void refused(void **state)
{
    worker_run r = convex(0);
    (void)state;
    worker_refused(&r, "average:workers=2", "has no barrier");
    worker_refused(&r, "roundrobin-delayed:workers=2", "has no barrier");
    worker_refused(&r, "ps:workers=2", "a direction of svrg is one worker's");
    r.o.optimizer = "svrg:option=II";
    worker_refused(&r, "hogwild:workers=2", "goes back to an iterate of one process");
    r.o.optimizer = "sgd";
    r.o.estimator = "saga";
    worker_refused(&r, "asysvrg:workers=2", "is for the estimator svrg, not saga");
    r.o.estimator = NULL;
    r.o.optimizer = "sarah";
    worker_refused(&r, "hogwild:workers=2", "estimator sarah");
    r.o.optimizer = "svrg:lr=search";
    worker_refused(&r, "hogwild:workers=2", "looks along gradients of one process");
    r.o.optimizer = "svrg";
    r.model = "logistic:l1=0.01";
    worker_refused(&r, "hogwild:workers=2", "l1 is a proximal step of one process");
    r.o.optimizer = "svrg:blocks=4";
    worker_refused(&r, "local", "one block of the weights in an update, and l1 all of them");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_worker_is_local),
        cmocka_unit_test(linear_rate),
        cmocka_unit_test(blocks_are_moved_alone),
        cmocka_unit_test(momentum_of_blocks_reaches_the_optimum),
        cmocka_unit_test(exchange_names_the_estimator),
        cmocka_unit_test(virtual_time_of_rounds),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
