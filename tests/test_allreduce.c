/* Workers that make every update together: the bits of one process, whatever is added up, measured and
 * stepped in ranges.
 * SPDX-License-Identifier: MIT */
#include "worker_runs.h"

static const char *const exchanges[] = {"allreduce:workers=1",
                                        "allreduce:workers=2",
                                        "allreduce:workers=3",
                                        "allreduce:workers=4",
                                        "allreduce:workers=8",
                                        "sharded:workers=1",
                                        "sharded:workers=2",
                                        "sharded:workers=3",
                                        "sharded:workers=4",
                                        "sharded:workers=8",
                                        "sim:workers=5,jitter=exponential+allreduce",
                                        "sim:workers=3,jitter=lognormal,latency=0.3+sharded"};
enum { N_EXCHANGES = sizeof exchanges / sizeof exchanges[0] };

static void bits_of_local(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_EXCHANGES; i++) worker_exact(exchanges[i]);
}

/* Of enough weights for three ranges. */
static void bits_of_local_for_every_rule(void **state)
{
    static const char *const some[] = {"allreduce:workers=3", "sharded:workers=2", "sharded:workers=3",
                                       "sim:workers=3,jitter=exponential+sharded"};
    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) worker_exact_for_every_rule(some[i], 120);
}

static void bits_of_local_for_hard_models(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_EXCHANGES; i++)
        if (strncmp(exchanges[i], "sim", 3) != 0) worker_exact_for_hard_models(exchanges[i]);
}

/* Lists with several ranges: stepped as lists, spread in ranges, added to vectors. */
static void bits_of_local_for_lists(void **state)
{
    static const char *const rules[] = {"sgd:lr=0.1", "momentum", "clip_global_norm:max=0.01+adam",
                                        "adam+ema"};
    (void)state;
    for (size_t i = 0; i < N_EXCHANGES; i++)
        for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
            worker_run r = {.rows = worker_sparse, .model = "softmax", .classes = 16, .o.batch = 50};
            r.type = k % 2 ? TW_F32 : TW_F64;
            r.o.optimizer = rules[k];
            worker_same(&r, exchanges[i], "local");
        }
}

/* Another name of an exchange is that exchange. */
static void names_of_others(void **state)
{
    static const char *const pairs[][2] = {{"mbgd:workers=3", "allreduce:workers=3"},
                                           {"sim:workers=2+bigdl", "sim:workers=2+sharded"}};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        tw_exchange_choice a, b;
        assert_int_equal(tw_exchange_read(&a, pairs[i][0], NULL), TW_OK);
        assert_int_equal(tw_exchange_read(&b, pairs[i][1], NULL), TW_OK);
        assert_string_equal(a.spec, b.spec);
        assert_ptr_equal(a.protocol, b.protocol);
    }
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2};
    r.o.schedule = "inv_sqrt";
    worker_same(&r, "mbgd:workers=3", "local");
}

/* Each worker sends n - 1 ranges of its gradient, and n - 1 times its range of the sum. */
static void messages(void **state)
{
    enum { WORKERS = 4, HEAD = 64 };
    static const char *const some[] = {"allreduce:workers=4", "sim:workers=4+sharded"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        worker_run r = {.rows = networks_data, .model = "flatten; dense 200 tanh; dense 3 softmax"};
        r.classes = 3;
        r.o.batch = 150;
        tw_error err = {0};
        size_t bytes;
        free(worker_weights(&r, some[i], &bytes, &err));
        const uint64_t updates = 6, each = WORKERS * (WORKERS - 1);
        assert_int_equal(r.info.messages, updates * 2 * each);
        assert_int_equal(r.info.bytes, updates * (2 * each * HEAD + 2 * (WORKERS - 1) * bytes));
    }
}

/* Two messages' time for each update, of which latency is all. */
static void time_of_messages(void **state)
{
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2};
    tw_error err = {0};
    size_t bytes;
    (void)state;
    free(worker_weights(&r, "sim:workers=4,latency=2+allreduce", &bytes, &err));
    const double updates = 30;
    assert_true(fabs(r.info.seconds - updates * 4) < updates);
}

static void refused(void **state)
{
    worker_run joined = {.rows = networks_data, .model = worker_batch_norm, .classes = 3};
    worker_run net = {.rows = networks_data, .model = "flatten; dense 3 softmax", .classes = 3};
    (void)state;
    worker_refused(&joined, "sim:workers=3+sharded", "batch normalisation waits within an evaluation");
    worker_refused(&net, "allreduce:servers=2", "allreduce on threads has no option \"servers\"");
    net.o.estimator = "svrg";
    worker_refused(&net, "sharded:workers=2", "a direction of svrg is one worker's");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_of_local),
        cmocka_unit_test(bits_of_local_for_every_rule),
        cmocka_unit_test(bits_of_local_for_hard_models),
        cmocka_unit_test(bits_of_local_for_lists),
        cmocka_unit_test(names_of_others),
        cmocka_unit_test(messages),
        cmocka_unit_test(time_of_messages),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
