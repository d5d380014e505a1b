/* Consensus ADMM: the optimum of the whole from shards, penalties in the common weights, the same bits on
 * threads and in the simulator, refused where there is no consensus.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"
#include "distance.h"

static worker_run convex(const char *model, int classes)
{
    return (worker_run){.rows = worker_sparse,
                        .model = model,
                        .classes = classes,
                        .n_rows = 301,
                        .o.estimator = "full",
                        .o.optimizer = "sgd:lr=0.5"};
}

/* Shards of unequal length, with l2, l1 (whose zeros are exact) and both. */
static void shards_come_to_the_optimum(void **state)
{
    static const struct {
        const char *model;
        int classes;
        const char *rule, *rho;
    } models[] = {{"logistic:l2=0.03", 2, "sgd:lr=1", "0.1"},
                  {"logistic:l1=0.004", 2, "sgd:lr=1", "0.1"},
                  {"logistic:l2=0.03,l1=0.002,intercept=0", 2, "sgd:lr=1", "0.1"},
                  {"softmax:l2=0.03", 3, "sgd:lr=1", "0.1"},
                  {"svm:l2=0.1", 2, "sgd:lr=0.4", "0.5"}};
    static const struct {
        const char *exchange;
        uint64_t workers;
    } runs[] = {{"admm:every=12,workers=3", 3},
                {"sim:workers=4,jitter=exponential+admm:every=9", 4},
                {"admm:every=15,workers=1", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        size_t n, m;
        worker_run best = convex(models[i].model, models[i].classes);
        best.o.estimator = NULL;
        best.o.optimizer = "svrg:lr=0.1";
        best.o.batch = 1;
        best.o.epochs = 250;
        double *optimum = worker_doubles(&best, "local", &n);
        for (size_t k = 0; k < sizeof runs / sizeof runs[0]; k++) {
            worker_run r = convex(models[i].model, models[i].classes);
            r.o.optimizer = models[i].rule;
            r.o.epochs = 1200 * runs[k].workers;
            char exchange[120];
            snprintf(exchange, sizeof exchange, "%s,rho=%s", runs[k].exchange, models[i].rho);
            double *w = worker_doubles(&r, exchange, &m);
            if (!(distance(w, optimum, n) < 1e-6))
                fail_msg("%s, %s: %g from the optimum", models[i].model, runs[k].exchange,
                         distance(w, optimum, n));
            for (size_t j = 0; strstr(models[i].model, "l1") && j < n; j++)
                assert_true((w[j] == 0) == (optimum[j] == 0));
            free(w);
        }
        free(optimum);
    }
}

static void transports_agree(void **state)
{
    (void)state;
    for (int is_full = 0; is_full < 2; is_full++) {
        worker_run r = convex("logistic:l2=0.01,l1=0.001", 2);
        if (!is_full) r.o.estimator = "minibatch";
        r.o.optimizer = "adam:lr=0.1";
        r.o.epochs = is_full ? 50 : 4;
        worker_same_weights(&r, "admm:every=3,workers=3",
                            "sim:workers=3,jitter=exponential,latency=0.3+admm:every=3", 0);
        worker_same_weights(&r, "admm:rho=0.2,workers=4", "sim:workers=4,stragglers=1,slow=7+admm:rho=0.2",
                            0);
    }
}

/* Batches of a shard come near it. */
static void batches_come_near(void **state)
{
    size_t n, m;
    worker_run best = convex("logistic:l2=0.05", 2), r = best;
    (void)state;
    best.o.epochs = 1000;
    double *optimum = worker_doubles(&best, "local", &n);
    r.o.estimator = NULL;
    r.o.batch = 8;
    r.o.optimizer = "sgd:lr=0.5";
    r.o.schedule = "inverse_time";
    r.o.epochs = 300;
    double *w = worker_doubles(&r, "admm:rho=0.1,every=30,workers=2", &m);
    assert_true(distance(w, optimum, n) < 0.2 * distance(optimum, (double[601]){0}, n));
    free(w);
    free(optimum);
}

static void refused(void **state)
{
    worker_run net = {.rows = networks_data, .model = "flatten; dense 3 softmax", .classes = 3};
    worker_run few = convex("logistic", 2), touched = convex("logistic:l2=0.1", 2),
               degree = convex("logistic:l2=0.1", 2), svrg = convex("logistic", 2);
    (void)state;
    worker_refused(&net, "admm:workers=2", "needs a convex model");
    few.n_rows = 3;
    worker_refused(&few, "admm:workers=4", "4 workers cannot have a shard each of 3 rows");
    touched.o.sparse = TW_RUN_SPARSE_TOUCHED;
    worker_refused(&touched, "admm:workers=2", "the rows are cut into shards");
    degree.o.sparse = TW_RUN_SPARSE_DEGREE;
    worker_refused(&degree, "admm:workers=2", "the rows are cut into shards");
    svrg.o.estimator = "svrg";
    worker_refused(&svrg, "admm:workers=2", "estimator svrg");
    worker_refused(&few, "admm:rho=0", "rho = 0 is outside (0, inf)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_come_to_the_optimum),
        cmocka_unit_test(transports_agree),
        cmocka_unit_test(batches_come_near),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
