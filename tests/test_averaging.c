/* Workers with weights of their own: means of them every few steps.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"

static const char net[] = "flatten; dense 9 relu; dropout 0.2; dense 3 softmax";

/* ---- average ------------------------------------------------------------------------------------------- */

static void one_worker_is_local(void **state)
{
    static const char *const exchanges[] = {"average:workers=1", "average:every=0,workers=1",
                                            "sim:workers=1+average:every=3"};
    const tw_rule *rule;
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        worker_run joined = {.rows = networks_data, .model = worker_batch_norm, .classes = 3, .o.batch = 40};
        worker_run sparse = {.rows = worker_sparse, .model = "logistic", .classes = 2};
        worker_same(&joined, exchanges[i], "local");
        worker_same(&sparse, exchanges[i], "local");
        for (size_t k = 0; (rule = tw_rule_at(k)) != NULL; k++) {
            worker_run r = {.rows = networks_data, .model = net, .classes = 3, .n_rows = 60};
            r.o.optimizer = rule->name;
            r.o.schedule = strcmp(rule->name, "adam") == 0 ? "cosine" : NULL;
            r.o.estimator = strcmp(rule->name, "rprop") == 0 ? "full" : NULL;
            worker_same(&r, exchanges[i], "local");
        }
    }
}

/* One step of each worker from the same weights, and the mean: one step with the mean of all their rows. */
static void every_step_is_synchronous(void **state)
{
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 25};
    (void)state;
    r.n_rows = 300;
    size_t n, m;
    double *a = worker_doubles(&r, "average:every=1,workers=3", &n);
    r.o.batch = 75;
    worker_moved_alike(a, worker_doubles(&r, "local", &m), n);
}

/* Threads and simulated workers, however long they take, come to the same bits. */
static void transports_agree(void **state)
{
    static const char *const pairs[][2] =
        {{"average:every=3,workers=3", "sim:workers=3,jitter=exponential,latency=0.3+average:every=3"},
         {"average:every=0,workers=4", "sim:workers=4+average:every=0"},
         {"average:every=1,workers=8", "sim:workers=8,stragglers=2,slow=9+average:every=1"},
         {"diloco:every=3,workers=3", "sim:workers=3,jitter=lognormal+diloco:every=3"}};
    static const uint64_t batches[] = {1, 32, 100};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        for (size_t b = 0; b < sizeof batches / sizeof batches[0]; b++) {
            worker_run dense = {.rows = networks_data,
                                .model = net,
                                .classes = 3,
                                .o.batch = batches[b],
                                .o.optimizer = "adam"};
            worker_run sparse = {.rows = worker_sparse,
                                 .model = "logistic",
                                 .classes = 2,
                                 .o.batch = batches[b]};
            worker_same_weights(&dense, pairs[i][0], pairs[i][1], 0);
            worker_same_weights(&sparse, pairs[i][0], pairs[i][1], 0);
            worker_same(&dense, pairs[i][0], pairs[i][0]);
        }
}

/* Of more workers than updates most have nothing to do, and the mean is of those that have. */
static void more_workers_than_updates(void **state)
{
    worker_run r = {.rows = networks_data, .model = net, .classes = 3, .n_rows = 30, .o.epochs = 1};
    (void)state;
    worker_same_weights(&r, "average:every=4,workers=5", "local", 1e-15);
    worker_same_weights(&r, "average:every=0,workers=3", "local", 1e-15);
}

static void batch_norm_is_averaged(void **state)
{
    worker_run r = {.rows = networks_data, .model = worker_batch_norm, .classes = 3, .o.batch = 40};
    (void)state;
    worker_same(&r, "average:every=2,workers=3", "average:every=2,workers=3");
    assert_true(r.loss < 2);
}

/* ---- diloco -------------------------------------------------------------------------------------------- */

static void outer_sgd_is_average(void **state)
{
    static const char *const pairs[][2] =
        {{"diloco:every=4,outer=\"sgd:lr=1\",workers=3", "average:every=4,workers=3"},
         {"diloco:every=1,outer=\"sgd:lr=1\",workers=2", "average:every=1,workers=2"},
         {"diloco:every=50,outer=\"momentum:lr=1,momentum=0\",workers=4", "average:every=50,workers=4"}};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        worker_run joined = {.rows = networks_data, .model = worker_batch_norm, .classes = 3, .o.batch = 40};
        worker_run sparse = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 7};
        joined.o.optimizer = "adam:lr=0.01";
        worker_same(&joined, pairs[i][0], pairs[i][1]);
        worker_same(&sparse, pairs[i][0], pairs[i][1]);
    }
}

/* Where the run's end is not the end of a round, the last round is a short one: lookahead has none. */
static void one_worker_is_lookahead(void **state)
{
    worker_run r = {.rows = networks_data, .model = net, .classes = 3, .n_rows = 320};
    size_t n, m;
    (void)state;
    double *a = (r.o.optimizer = "adam:lr=0.01+lookahead:k=5,alpha=0.5", worker_doubles(&r, "local", &n));
    double *b = (r.o.optimizer = "adam:lr=0.01",
                 worker_doubles(&r, "diloco:every=5,outer=\"sgd:lr=0.5\",workers=1", &m));
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n * sizeof *a);
    free(a);
    free(b);
}

static void one_inner_step_is_synchronous(void **state)
{
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 25};
    size_t n, m;
    (void)state;
    r.o.optimizer = "sgd:lr=1";
    double *a = worker_doubles(&r, "diloco:every=1,outer=\"adam:lr=0.01\",workers=3", &n);
    r.o.batch = 75;
    r.o.optimizer = "adam:lr=0.01";
    double *b = worker_doubles(&r, "local", &m), moved = 0;
    for (size_t i = 0; i < n; i++) {
        moved += fabs(b[i]);
        if (fabs(a[i] - b[i]) > 1e-9) fail_msg("weight %zu is %.17g and not %.17g", i, a[i], b[i]);
    }
    assert_true(moved > 0.01);
    free(a);
    free(b);
}

/* The outer gradient is c - w_i, and not its negative. */
static void loss_falls(void **state)
{
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.epochs = 1};
    (void)state;
    r.o.optimizer = "sgd:lr=1";
    size_t n;
    free(worker_doubles(&r, "diloco:every=2,workers=2", &n));
    const double first = r.loss;
    r.o.epochs = 20;
    free(worker_doubles(&r, "diloco:every=2,workers=2", &n));
    assert_true(r.loss < first - 0.05);
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static void refused(void **state)
{
    worker_run r = {.rows = networks_data, .model = net, .classes = 3};
    worker_run joined = {.rows = networks_data, .model = worker_batch_norm, .classes = 3};
    (void)state;
    worker_refused(&r, "average:every=-1,workers=2", "every = -1 is outside [0,");
    worker_refused(&joined, "sim:workers=3+average", "batch normalisation");
    worker_refused(&r, "diloco:every=0", "every = 0 is outside [1,");
    worker_refused(&r, "diloco:outer=sgd", "outer = sgd is no text in quotes");
    worker_refused(&r, "diloco:outer=\"sdg\"", "outer rule of diloco: unknown rule \"sdg\"");
    worker_refused(&r, "diloco:outer=\"nag\"", "outer rule of diloco: nag reports other weights");
    worker_refused(&r, "diloco:outer=\"sgd+ema\"", "reports other weights than it steps");
    r.o.optimizer = "nag";
    worker_refused(&r, "average:workers=2", "the rule reports other weights than it steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_worker_is_local),
        cmocka_unit_test(every_step_is_synchronous),
        cmocka_unit_test(transports_agree),
        cmocka_unit_test(more_workers_than_updates),
        cmocka_unit_test(batch_norm_is_averaged),
        cmocka_unit_test(outer_sgd_is_average),
        cmocka_unit_test(one_worker_is_lookahead),
        cmocka_unit_test(one_inner_step_is_synchronous),
        cmocka_unit_test(loss_falls),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
