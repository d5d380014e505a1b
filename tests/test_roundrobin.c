/* Workers that take turns: one process where they evaluate in their turn, and otherwise gradients that are
 * exactly n - 1 steps old.
 * SPDX-License-Identifier: MIT */
#include "half_square.h"
#include "base/context.h"
#include "least_squares.h"

static void turns_are_local(void **state)
{
    static const char *const exchanges[] = {"roundrobin:workers=1",
                                            "roundrobin:workers=2",
                                            "roundrobin:workers=5",
                                            "sim:workers=3+roundrobin",
                                            "roundrobin-delayed:workers=1",
                                            "sim:workers=1+roundrobin-delayed"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        worker_run net = {.rows = networks_data,
                          .model = "conv2d 4 3x3 relu; flatten; dropout 0.2; dense 3 softmax",
                          .classes = 3,
                          .o.optimizer = "clip_norm:max=1+adam"};
        worker_run sparse = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 1};
        worker_run penalised = {.rows = worker_sparse,
                                .model = "softmax:l2=0.01",
                                .classes = 3,
                                .o.optimizer = "lamb:lr=0.01"};
        worker_same(&net, exchanges[i], "local");
        worker_same(&sparse, exchanges[i], "local");
        worker_same(&penalised, exchanges[i], "local");
    }
    worker_run joined = {.rows = networks_data,
                         .model = "flatten; dense 5; batchnorm; dense 3 softmax",
                         .classes = 3};
    worker_same(&joined, "roundrobin:workers=3", "local");
}

static void turns_are_local_for_every_rule(void **state)
{
    (void)state;
    worker_exact_for_every_rule("roundrobin:workers=3", 6);
}

/* ---- delayed ------------------------------------------------------------------------------------------- */

static tw_run *begin(tw_context *ctx, double *x, uint64_t steps, const char *exchange)
{
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = "sgd:lr=0.5";
    o.epochs = steps;
    o.exchange = exchange;
    return half_square_run(ctx, x, 0, &o);
}

static void step(tw_run *run, uint64_t updates)
{
    tw_error err = {0};
    int status;
    for (uint64_t i = 0; i < updates; i++)
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("%s", err.message);
}

static double after(uint64_t steps, const char *exchange)
{
    double x;
    tw_context *ctx = networks_context(1);
    tw_run *run = begin(ctx, &x, steps, exchange);
    step(run, steps);
    tw_run_free(run);
    tw_context_free(ctx);
    return x;
}

/* A run that is saved after any of its steps, with gradients that wait for their turn, goes on as if it had
 * not been. */
static void delayed_goes_on(void **state)
{
    static const char exchange[] = "roundrobin-delayed:workers=3";
    enum { STEPS = 12 };
    (void)state;
    for (uint64_t k = 0; k <= STEPS; k++) {
        double x, y;
        ls_state kept;
        tw_context *ctx = networks_context(1);
        tw_run *first = begin(ctx, &x, STEPS, exchange), *second = begin(ctx, &y, STEPS, exchange);
        step(first, k);
        assert_int_equal(ls_save(&kept, first), TW_OK);
        assert_int_equal(ls_load(&kept, second), TW_OK);
        assert_true(x == y);
        step(second, STEPS - k);
        assert_true(y == after(STEPS, exchange));
        ls_forget(&kept);
        tw_run_free(first);
        tw_run_free(second);
        tw_context_free(ctx);
    }
}

/* One step old, and two. */
static void delayed_by_hand(void **state)
{
    static const double one[] = {1, .5, 0, -.25, -.25, -.125, 0, .0625},
                        two[] = {1, .5, 0, -.5, -.75, -.75, -.5, -.125, .25, .5};
    (void)state;
    for (uint64_t k = 1; k < sizeof one / sizeof one[0]; k++) {
        assert_true(after(k, "roundrobin-delayed:workers=2") == one[k]);
        assert_true(after(k, "sim:workers=2+roundrobin-delayed") == one[k]);
    }
    for (uint64_t k = 1; k < sizeof two / sizeof two[0]; k++) {
        assert_true(after(k, "roundrobin-delayed:workers=3") == two[k]);
        assert_true(after(k, "sim:workers=3,jitter=exponential+roundrobin-delayed") == two[k]);
    }
}

/* Whoever is fast or slow, and wherever a run looks at its weights. */
static void delayed_is_the_same_everywhere(void **state)
{
    (void)state;
    for (int workers = 2; workers <= 5; workers++) {
        char threads[80], simulated[80];
        worker_run sparse = {.rows = worker_sparse,
                             .model = "logistic",
                             .classes = 2,
                             .n_rows = 1000,
                             .o.batch = 1,
                             .o.optimizer = "adagrad"};
        worker_run net = {.rows = networks_data,
                          .model = "flatten; dense 20 relu; dense 3 softmax",
                          .classes = 3,
                          .o.optimizer = "adam"};
        worker_run corrected = net;
        corrected.o.optimizer = "dcasgd";
        snprintf(threads, sizeof threads, "roundrobin-delayed:workers=%d", workers);
        snprintf(simulated, sizeof simulated,
                 "sim:workers=%d,jitter=lognormal,latency=0.2+roundrobin-delayed", workers);
        worker_same(&sparse, simulated, threads);
        /* but for the first ones */
        const uint64_t late = (uint64_t)workers - 1;
        assert_int_equal(sparse.info.most_stale, late);
        assert_int_equal(sparse.info.staleness[late], 3000 - late);
        worker_same(&net, simulated, threads);
        worker_same(&corrected, simulated, threads);
    }
}

/* While one evaluates alone, all others wait: the time of one process. Evaluated in advance, the n take a
 * round of the slowest. */
static void time_of_turns(void **state)
{
    tw_error err = {0};
    size_t bytes;
    (void)state;
    for (int delayed = 0; delayed < 2; delayed++) {
        worker_run r = {.rows = worker_sparse,
                        .model = "logistic",
                        .classes = 2,
                        .n_rows = 400,
                        .o.batch = 1};
        void *w =
            worker_weights(&r, delayed ? "sim:workers=4+roundrobin-delayed" : "sim:workers=4+roundrobin",
                           &bytes, &err);
        assert_non_null(w);
        assert_true(fabs(r.info.seconds / (delayed ? 300 : 1200) - 1) < 0.01);
        free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_local),
        cmocka_unit_test(turns_are_local_for_every_rule),
        cmocka_unit_test(delayed_by_hand),
        cmocka_unit_test(delayed_goes_on),
        cmocka_unit_test(delayed_is_the_same_everywhere),
        cmocka_unit_test(time_of_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
