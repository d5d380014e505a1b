/* diloco without waiting: a published simulation's times, and what it must be equal to.
 * SPDX-License-Identifier: MIT */
#include "half_square.h"

static const char net[] = "flatten; dense 9 relu; dropout 0.2; dense 3 softmax";

/* ---- the published experiment -------------------------------------------------------------------------- */

/* What github.com/google-deepmind/asyncdiloco prints after 800, 1600, ... steps, and the staleness of the 400
 * rounds up to the last of these, which its rules give. */
static const char *const printed[] = {"209.00",  "406.40",  "603.80",  "801.40",  "999.00",
                                      "1207.80", "1404.20", "1600.60", "1800.20", "1998.60"};
static const uint64_t stale[] = {40, 142, 108, 14, 16, 32, 18, 0, 0, 0, 0, 6, 15, 4, 5};
enum { PRINTED = sizeof printed / sizeof printed[0], STALE = sizeof stale / sizeof stale[0] };

/* Rows are the updates of an epoch. Weights of three numbers: their arithmetic takes no time here. */
static tw_data *few_columns(tw_context *ctx, uint64_t rows, int classes)
{
    float *x = calloc(rows, 2 * sizeof *x);
    int32_t *labels = malloc(rows * sizeof *labels);
    for (uint64_t i = 0; i < rows; i++) {
        labels[i] = (int32_t)(i % (uint64_t)classes);
        x[2 * i] = (float)(i % 7) - 3;
        x[2 * i + 1] = (float)(i % 5) + (float)labels[i];
    }
    const tw_data_info info = {
        .size = sizeof info, .rows = rows, .rank = 1, .shape = {2}, .type = TW_F32, .x = x, .labels = labels};
    tw_data *data;
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    free(x);
    free(labels);
    return data;
}

/* Each epoch ends at the time that was printed; one epoch more, as the published workers go on. */
static void published_times(const char *exchange, uint64_t updates, int has_stale)
{
    tw_context *ctx = networks_context(1);
    tw_data *data = few_columns(ctx, updates, 2);
    tw_model *model;
    tw_run *run;
    tw_objective objective = TW_OBJECTIVE_INIT;
    tw_exchange_info info = {.size = sizeof info};
    tw_run_options o = {.size = sizeof o, .exchange = exchange, .optimizer = "sgd:lr=0.01", .batch = 1};
    int status = TW_RUN_GOING;
    char time[32];
    o.epochs = PRINTED + 1;
    assert_int_equal(tw_model_create(&model, ctx, "logistic", TW_F64, data, 5, NULL), TW_OK);
    assert_int_equal(tw_model_objective(model, data, &objective, NULL), TW_OK);
    assert_int_equal(tw_run_create(&run, ctx, &objective, NULL, tw_model_weights(model), &o, NULL), TW_OK);
    for (size_t i = 0; i < PRINTED; i++) {
        while (tw_run_steps(run) < (i + 1) * updates)
            assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
        assert_int_equal(tw_run_exchange(run, &info, NULL), TW_OK);
        snprintf(time, sizeof time, "%.2f", info.seconds);
        assert_string_equal(time, printed[i]);
    }
    for (size_t k = 0; has_stale && k < STALE; k++) assert_int_equal(info.staleness[k], stale[k]);
    tw_run_free(run);
    tw_model_objective_free(&objective);
    tw_model_free(model);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* Workers that arrive at the same time come in an order that is one of rounding: the published program
 * adds the seconds of a round and not those of its steps. So its staleness comes out with rounds of one
 * step of twenty times the seconds, and its times with rounds of twenty steps, too. */
static void published_experiment(void **state)
{
    (void)state;
    published_times("sim:workers=4,times=0.58|0.75|1.51|3.33+diloco:every=20,sync=0,grace=0.5", 800, 0);
    published_times("sim:workers=4,time=20,times=0.58|0.75|1.51|3.33+diloco:every=1,sync=0,grace=0.5", 40, 1);
}

/* ---- equalities ---------------------------------------------------------------------------------------- */

/* Where all wait for the last one and their ways are summed up, that is diloco with waiting. */
static void waiting_is_synchronous(void **state)
{
    static const char *const outer[] = {"sgd:lr=0.5", "sgd:lr=0.7,momentum=0.9,nesterov=1", "adam:lr=0.01"};
    (void)state;
    for (int workers = 2; workers <= 7; workers++)
        for (size_t i = 0; i < 3; i++) {
            char waits[300], sync[300];
            snprintf(waits, sizeof waits,
                     "sim:workers=%d,times=1|1.3|2|2.1|2.5|4|9+diloco:every=3,sync=0,grace=1000,weight=mean,"
                     "buffer=%d,outer=\"%s\"",
                     workers, workers, outer[i]);
            snprintf(sync, sizeof sync, "threads:workers=%d+diloco:every=3,outer=\"%s\"", workers, outer[i]);
            worker_run dense = {.rows = networks_data,
                                .model = net,
                                .classes = 3,
                                .n_rows = 30 * (uint64_t)workers,
                                .o.batch = 5,
                                .o.optimizer = "adam:lr=0.01"};
            worker_run sparse = {.rows = worker_sparse,
                                 .model = "logistic",
                                 .classes = 2,
                                 .n_rows = 24 * (uint64_t)workers,
                                 .o.batch = 4};
            worker_same_weights(&dense, waits, sync, 0);
            worker_same_weights(&sparse, waits, sync, 0);
        }
}

/* One worker waits for nobody. */
static void one_worker(void **state)
{
    static const char *const exchanges[] =
        {"sim:workers=1+diloco:every=4,sync=0", "diloco:every=4,sync=0,weight=full,workers=1",
         "sim:workers=1+diloco:every=4,sync=0,weight=stale,grace=3,paced=1"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        worker_run r = {.rows = networks_data, .model = net, .classes = 3, .n_rows = 200};
        worker_same_weights(&r, exchanges[i], "diloco:every=4,workers=1", 0);
    }
}

/* ---- weights and steps --------------------------------------------------------------------------------- */

/* The outer gradient is a share of the way: with sgd as the outer rule its rate can make up for that. */
static void weights_are_shares(void **state)
{
    static const char *const pairs[][2] = {{"mean,outer=\"sgd:lr=0.8\"", "sqrt,outer=\"sgd:lr=0.4\""},
                                           {"mean,outer=\"sgd:lr=0.5\"", "full,outer=\"sgd:lr=0.125\""}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char a[200], b[200];
        const char *const form = "sim:workers=4,jitter=exponential+diloco:every=3,sync=0,weight=%s";
        worker_run r = {.rows = networks_data, .model = net, .classes = 3};
        snprintf(a, sizeof a, form, pairs[i][0]);
        snprintf(b, sizeof b, form, pairs[i][1]);
        worker_same_weights(&r, a, b, 1e-12);
    }
}

/* Liu et al. 2024, Algorithm 3 with c = 0: each arrival steps by lr g/N, and each N-th by lr beta m more,
 * where m = beta m + the mean of the N. */
static void delayed_nesterov(void **state)
{
    enum { N = 2, UPDATES = 40 };
    static const double times[N] = {1, 1.77};
    const double lr = 0.7, beta = 0.9, inner = 0.1;
    double centre = 1, m = 0, sum = 0, begun[N] = {1, 1}, at[N] = {times[0], times[1]};
    uint64_t given = N;
    (void)state;
    for (int k = 0; k < UPDATES; k++) {
        const int i = at[1] < at[0];
        const double g = inner * begun[i];
        sum += g;
        centre -= lr * g / N;
        if (k % N == N - 1) {
            m = beta * m + sum / N;
            centre -= lr * beta * m;
            sum = 0;
        }
        begun[i] = centre;
        at[i] = given++ < UPDATES ? at[i] + times[i] : 1e9;
    }
    const tw_run_options o =
        {.size = sizeof o,
         .optimizer = "sgd:lr=0.1",
         .epochs = UPDATES,
         .exchange = "sim:workers=2,times=1|1.77+diloco:every=1,sync=0,buffer=2,weight=mean,preview=1,"
                     "outer=\"sgd:lr=0.7,momentum=0.9,nesterov=1\""};
    const double x = half_square_end(0, &o);
    if (!(fabs(x - centre) < 1e-12)) fail_msg("%.17g and not %.17g", x, centre);
}

/* Ways that are stale count less. */
static void stale_ways_count_less(void **state)
{
    worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 1, .o.epochs = 1};
    (void)state;
    worker_told(&r, "sim:workers=16,jitter=exponential+diloco:every=2,sync=0,outer=\"sgd:lr=0.2\"");
    const double plain = r.loss;
    worker_told(&r,
                "sim:workers=16,jitter=exponential+diloco:every=2,sync=0,weight=stale,outer=\"sgd:lr=0.2\"");
    assert_true(r.loss > plain);
}

/* Paced rounds take all workers as long, so that a worker's way is three others old, once speeds are
 * known. */
static void paced_rounds_take_as_long(void **state)
{
    worker_run r = {.rows = few_columns, .model = "logistic", .classes = 2, .n_rows = 8000, .o.batch = 1};
    (void)state;
    const tw_exchange_info free_steps =
        worker_told(&r, "sim:workers=4,times=0.58|0.75|1.51|3.33+diloco:every=20,sync=0");
    const tw_exchange_info paced =
        worker_told(&r, "sim:workers=4,times=0.58|0.75|1.51|3.33+diloco:every=20,sync=0,paced=1");
    assert_true(free_steps.most_stale >= 12);
    uint64_t few = 0, all = 0;
    for (int k = 0; k < TW_STALENESS_BINS; k++) {
        all += paced.staleness[k];
        if (k >= 2 && k <= 4) few += paced.staleness[k];
    }
    assert_true(few > all - all / 20);
}

/* On threads every update is made once, and nobody waits for others. */
static void threads(void **state)
{
    static const char *const exchanges[] = {"diloco:every=3,sync=0,workers=3",
                                            "diloco:every=2,sync=0,buffer=3,weight=full,outer=\"sgd:lr=0.2\","
                                            "workers=4",
                                            "diloco:every=8,sync=0,paced=1,weight=stale,workers=2"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        worker_run r = {.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 1};
        r.o.optimizer = "sgd:lr=0.5";
        r.o.epochs = 1;
        worker_told(&r, exchanges[i]);
        const double first = r.loss;
        r.o.epochs = 8;
        const tw_exchange_info info = worker_told(&r, exchanges[i]);
        assert_true(r.loss < first - 0.02);
        uint64_t rounds = 0;
        for (int k = 0; k < TW_STALENESS_BINS; k++) rounds += info.staleness[k];
        assert_true(rounds >= 8 * 300 / 8 && rounds <= 8 * 300);
    }
}

static void refused(void **state)
{
    worker_run r = {.rows = networks_data, .model = net, .classes = 3};
    (void)state;
    worker_refused(&r, "diloco:sync=0,grace=0.5,workers=2", "only sim has; on threads leave grace out");
    worker_refused(&r, "diloco:weight=mean", "weight is for sync=0");
    worker_refused(&r, "diloco:buffer=2", "buffer is for sync=0");
    worker_refused(&r, "sim:workers=2+diloco:grace=1", "grace is for sync=0");
    worker_refused(&r, "diloco:paced=1", "paced is for sync=0");
    worker_refused(&r, "diloco:sync=0,preview=1,workers=2", "with buffer=1 each way is one");
    worker_refused(&r, "diloco:sync=0,buffer=0", "buffer = 0 is outside [1,");
    worker_refused(&r, "diloco:sync=0,grace=-1", "grace = -1 is outside [0,");
    worker_refused(&r, "diloco:sync=0,weight=half", "weight = half");
    r.o.trace = TW_BINARY_DIR "/paced.trace";
    worker_refused(&r, "diloco:sync=0,paced=1,workers=2", "a trace cannot be repeated with others");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_experiment),
        cmocka_unit_test(waiting_is_synchronous),
        cmocka_unit_test(one_worker),
        cmocka_unit_test(weights_are_shares),
        cmocka_unit_test(delayed_nesterov),
        cmocka_unit_test(stale_ways_count_less),
        cmocka_unit_test(paced_rounds_take_as_long),
        cmocka_unit_test(threads),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
