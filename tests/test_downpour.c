/* Downpour SGD: what it is with one worker, sums that add up, runs that repeat, and what is refused.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"

static const char net[] = "flatten; dense 90 relu; dropout 0.2; dense 3 softmax";

/* One process with `rule` comes to the bits of one worker, whatever that steps, and a server with `rule`. */
static void is_local(worker_run r, const char *exchange, const char *rule)
{
    size_t n, m;
    r.o.optimizer = "sgd:lr=0.3";
    double *a = worker_doubles(&r, exchange, &n);
    const double loss = r.loss;
    r.o.optimizer = rule;
    double *b = worker_doubles(&r, "local", &m);
    assert_int_equal(n, m);
    if (memcmp(a, b, n * sizeof *a) != 0 || loss != r.loss)
        fail_msg("%s: %s and local %s differ", r.model, exchange, rule);
    free(a);
    free(b);
}

static void one_worker_is_local(void **state)
{
    static const char *const exchanges[] = {"downpour:workers=1", "downpour:servers=3,workers=1",
                                            "sim:workers=1,latency=0.1+downpour"};
    static const uint64_t batches[] = {1, 32, 100};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++)
        for (size_t b = 0; b < sizeof batches / sizeof batches[0]; b++) {
            const worker_run
                dense = {.rows = networks_data, .model = net, .classes = 3, .o.batch = batches[b]},
                sparse = {.rows = worker_sparse, .model = "softmax", .classes = 16, .o.batch = batches[b]};
            is_local(dense, exchanges[i], "adagrad");
            is_local(sparse, exchanges[i], "adagrad");
        }
}

static void running_means_are_those_of_local(void **state)
{
    const worker_run r = {.rows = networks_data, .model = worker_batch_norm, .classes = 3, .o.batch = 40},
                     bounded = {.rows = networks_data,
                                .model = "flatten; dense 9 relu max_norm=0.7; dense 3 softmax",
                                .classes = 3};
    (void)state;
    is_local(r, "downpour:workers=1", "adagrad");
    is_local(bounded, "downpour:workers=1", "adagrad");
}

/* But for those that report other weights than they step. */
static void any_rule_can_be_the_servers(void **state)
{
    const tw_rule *rule;
    int n = 0;
    (void)state;
    for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++) {
        char exchange[120];
        worker_run r = {.rows = networks_data, .model = net, .classes = 3, .n_rows = 60};
        if (rule->prepare_view[0]) continue;
        r.o.estimator = strcmp(rule->name, "rprop") == 0 ? "full" : NULL;
        snprintf(exchange, sizeof exchange, "downpour:server=\"%s\",workers=1", rule->name);
        is_local(r, exchange, rule->name);
        n++;
    }
    assert_true(n > 20);
}

/* A worker that does not move adds up what a batch of all its rows gives. */
static void sums_are_those_of_larger_batches(void **state)
{
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .n_rows = 300, .o.batch = 25};
    size_t n, m;
    (void)state;
    r.o.optimizer = "sgd:lr=0";
    double *a = worker_doubles(&r, "downpour:push=4,fetch=4,server=\"sgd:lr=0.1\",workers=1", &n);
    r.o.optimizer = "sgd:lr=0.4";
    r.o.batch = 100;
    worker_moved_alike(a, worker_doubles(&r, "local", &m), n);
}

/* All numbers are given out, and what was added up in the end is sent: 9 updates of each of 2 workers in sums
 * of 4 are 6 pushes. */
static void last_sums_are_sent(void **state)
{
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .n_rows = 18, .o.batch = 1};
    size_t n;
    (void)state;
    r.o.epochs = 1;
    free(worker_doubles(&r, "sim:workers=2+downpour:push=4,fetch=8", &n));
    uint64_t pushes = 0;
    for (int k = 0; k < TW_STALENESS_BINS; k++) pushes += r.info.staleness[k];
    assert_int_equal(pushes, 6);
    assert_int_equal(r.info.messages, 12);
    assert_true(r.info.most_stale > 0);
}

static void simulation_repeats(void **state)
{
    static const char exchange[] =
        "sim:workers=30,jitter=lognormal,latency=0.1,service=0.01+downpour:push=3,fetch=5,servers=2";
    worker_run r = {.rows = worker_sparse, .model = "softmax", .classes = 16, .n_rows = 1000, .o.batch = 4};
    (void)state;
    worker_same(&r, exchange, exchange);
}

static void threads_learn(void **state)
{
    static const char *const options[] = {"workers=2", "push=5,fetch=3,workers=4",
                                          "push=2,fetch=2,servers=2,workers=3"};
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char exchange[120];
        worker_run r = {.rows = worker_sparse, .model = "softmax", .classes = 16, .o.batch = 2};
        size_t n;
        r.n_rows = 2000;
        r.o.epochs = 6;
        snprintf(exchange, sizeof exchange, "downpour:server=\"adagrad:lr=0.2\",%s", options[i]);
        free(worker_doubles(&r, exchange, &n));
        assert_true(r.loss < log(16) - 0.1);
    }
}

static void refused(void **state)
{
    worker_run r = {.rows = networks_data, .model = net, .classes = 3};
    worker_run joined = {.rows = networks_data, .model = worker_batch_norm, .classes = 3};
    worker_run bounded = {.rows = networks_data,
                          .model = "flatten; dense 90 relu max_norm=0.7; dense 3 softmax",
                          .classes = 3};
    (void)state;
    worker_refused(&r, "downpour:push=0", "push = 0 is outside [1,");
    worker_refused(&r, "downpour:n_fetch=0", "fetch = 0 is outside [1,");
    worker_refused(&r, "downpour:server=adagrad", "server = adagrad is no text in quotes");
    worker_refused(&r, "downpour:server=\"adagard\"", "server rule of downpour: unknown rule \"adagard\"");
    worker_refused(&r, "downpour:server=\"nag\"", "server rule of downpour: nag reports other weights");
    worker_refused(&r, "downpour:server=\"lamb\",servers=2", "lamb measures whole tensors");
    worker_refused(&joined, "sim:workers=2+downpour", "batch normalisation");
    worker_refused(&bounded, "downpour:servers=2,workers=2", "which one server must have");
    r.o.groups = "*.bias:lr_mult=2";
    worker_refused(&r, "downpour:workers=2", "groups are for the run's rule");
    r.o.groups = NULL;
    r.o.optimizer = "nag";
    worker_refused(&r, "downpour:workers=1", "the rule reports other weights than it steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_worker_is_local),
        cmocka_unit_test(running_means_are_those_of_local),
        cmocka_unit_test(any_rule_can_be_the_servers),
        cmocka_unit_test(sums_are_those_of_larger_batches),
        cmocka_unit_test(last_sums_are_sent),
        cmocka_unit_test(simulation_repeats),
        cmocka_unit_test(threads_learn),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
