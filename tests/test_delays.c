/* Runs whose gradients are as old as a file says.
 * SPDX-License-Identifier: MIT */
#include "half_square.h"
#include "files.h"
#include "exchange/delays.h"
#include <unistd.h>

#define PATH TW_BINARY_DIR "/delays.csv"
#define DELAYS "delays=\"" PATH "\""

/* ---- files --------------------------------------------------------------------------------------------- */

static void files_are_read(void **state)
{
    static const char *const same[] = {"0\n1\n2\n0\n", "0\n1\n2\n0",
                                       "0.0e+00\r\n1.000000000000000000e+00\r\n2\r\n0\r\n",
                                       "delay of the update\n 0 \n\t1\n2.\n-0\n\n"};
    tw_context *ctx = networks_context(1);
    tw_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        static const uint32_t delays[] = {0, 1, 2, 0, 0, 1, 2, 0, 0};
        tw__delays d = {0};
        write_text(PATH, same[i]);
        if (tw__delays_read(&d, ctx, PATH, &err) != TW_OK) fail_msg("%s", err.message);
        assert_true(d.rows == 4 && d.columns == 1 && d.most == 2);
        for (uint64_t k = 0; k < 9; k++) assert_int_equal(tw__delay(&d, k, 3), delays[k]);
        tw__delays_free(&d, ctx);
    }
    tw__delays two = {0};
    write_text(PATH, "a,b\n0,0\n1, 0\n0,2\n");
    assert_int_equal(tw__delays_read(&two, ctx, PATH, NULL), TW_OK);
    assert_true(two.rows == 3 && two.columns == 2 && two.most == 2);
    assert_true(tw__delay(&two, 4, 0) == 1 && tw__delay(&two, 5, 1) == 2);
    tw__delays_free(&two, ctx);
    tw_context_free(ctx);
}

static void files_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
        int64_t line;
    } wrong[] = {{"", "no delays in this file", 0},
                 {"\n \n", "no delays in this file", 0},
                 {"delay\n", "no delays in this file", 0},
                 {"0\n1\n-1\n", "delay \"-1\" is negative", 3},
                 {"0\n0.5\n", "delay \"0.5\" is not a whole number of updates", 2},
                 {"0\n1\n3\n", "delay \"3\" is larger than 2, the number of updates before this one", 3},
                 {"1\n", "delay \"1\" is larger than 0, the number of updates before this one", 1},
                 {"0\n1e400\n", "delay \"1e400\" is larger than 1, the number of updates before this one", 2},
                 {"0,0\n0\n", "1 columns, and the first row has 2", 2},
                 {"0\n0,1\n", "2 columns, and the first row has 1", 2},
                 {"x,y\n0,0\n\n0,0,0\n", "3 columns, and the first row has 2", 4},
                 {"0\nlate\n", "delay \"late\" is no number", 2},
                 {"0\nnan\n", "delay \"nan\" is no number", 2},
                 {"0,0\n0,\n", "delay \"\" is no number", 2},
                 {"0\n1 1\n", "delay \"1 1\" is no number", 2},
                 {"0\n0x0\n", "delay \"0x0\" is no number", 2}};
    tw_context *ctx = networks_context(1);
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        tw__delays d = {0};
        tw_error err = {0};
        write_text(PATH, wrong[i].text);
        const tw_status s = tw__delays_read(&d, ctx, PATH, &err);
        if (s != TW_ERR_DATA || err.line != wrong[i].line || !strstr(err.message, wrong[i].message))
            fail_msg("\"%s\": line %lld: %s", wrong[i].text, (long long)err.line, err.message);
        tw__delays_free(&d, ctx);
    }
    tw_context_free(ctx);
}

/* ---- by hand ------------------------------------------------------------------------------------------- */

/* Of two workers that share 16 rows. */
static double after(uint64_t steps, const char *exchange)
{
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = "sgd:lr=0.5";
    o.estimator = "full";
    o.epochs = steps;
    o.exchange = exchange;
    return half_square_end(16, &o);
}

static void by_hand(void **state)
{
    static const double one[] = {1, .5, 0, -.25, -.25, -.125, 0, .0625},
                        two[] = {1, .5, 0, -.5, -.75, -.75, -.5, -.125, .25, .5};
    double x[12] = {1};
    (void)state;
    write_text(PATH, "0\n1\n1\n1\n1\n1\n1\n");
    for (uint64_t k = 1; k < sizeof one / sizeof one[0]; k++) {
        assert_true(after(k, "delayed:workers=2," DELAYS) == one[k]);
        assert_true(after(k, "sim:workers=1," DELAYS) == one[k]);
    }
    write_text(PATH, "0\n1\n2\n2\n2\n2\n2\n2\n2\n");
    for (uint64_t k = 1; k < sizeof two / sizeof two[0]; k++)
        assert_true(after(k, "sim:workers=2,jitter=exponential+delayed:" DELAYS) == two[k]);
    /* half of the gradient at another age, and the file again from its beginning */
    write_text(PATH, "0,0\n0,1\n2,0\n0,3\n");
    for (uint64_t k = 0; k < 11; k++) {
        static const uint64_t first[] = {0, 0, 2, 0}, second[] = {0, 1, 0, 3};
        x[k + 1] = x[k] - 0.5 * ((x[k - first[k % 4]] + x[k - second[k % 4]]) / 2);
        assert_true(after(k + 1, "delayed:workers=2," DELAYS) == x[k + 1]);
        assert_true(after(k + 1, "sim:workers=2," DELAYS) == x[k + 1]);
    }
}

/* ---- equalities ---------------------------------------------------------------------------------------- */

static worker_run net_run(void)
{
    return (worker_run){.rows = networks_data,
                        .model = "flatten; dense 9 relu; dropout 0.2; dense 3 softmax",
                        .classes = 3,
                        .o.optimizer = "adam:lr=0.01"};
}

static worker_run sparse_run(void)
{
    return (worker_run){.rows = worker_sparse, .model = "logistic", .classes = 2, .o.batch = 30};
}

static void no_delay_is_local(void **state)
{
    static const char *const exchanges[] = {"delayed:workers=1," DELAYS, "delayed:workers=3," DELAYS,
                                            "sim:workers=5,latency=0.1," DELAYS};
    (void)state;
    write_text(PATH, "0\n0\n");
    for (size_t i = 0; i < 3; i++) {
        worker_run net = net_run(), sparse = sparse_run();
        worker_same(&net, exchanges[i], "local");
        worker_same(&sparse, exchanges[i], "local");
    }
}

/* Gradients of n workers in turn are n - 1 old, but for the first. */
static void turns_are_delays(void **state)
{
    char text[1000] = "", exchange[100], no_file[100];
    (void)state;
    for (int workers = 2; workers <= 4; workers++) {
        *text = 0;
        for (int k = 0; k < 200; k++) snprintf(text + strlen(text), 8, "%d\n", k < workers ? k : workers - 1);
        write_text(PATH, text);
        snprintf(exchange, sizeof exchange, "sim:workers=%d+roundrobin-delayed", workers);
        snprintf(no_file, sizeof no_file, "delayed:workers=%d", workers);
        worker_run net = net_run(), sparse = sparse_run(), corrected = net_run();
        corrected.o.optimizer = "dcasgd";
        worker_same(&net, "delayed:workers=3," DELAYS, exchange);
        worker_same(&sparse, "sim:workers=2," DELAYS, exchange);
        worker_same(&sparse, no_file, exchange);
        worker_same(&corrected, "sim:workers=2," DELAYS, exchange);
        assert_int_equal(corrected.info.most_stale, workers - 1);
    }
}

/* lr / (1 + tau) of a constant delay is another lr, once the delay is reached. */
static void rates_are_those_of_the_delay(void **state)
{
    (void)state;
    write_text(PATH, "0\n1\n");
    for (uint64_t k = 1; k < 12; k++) {
        static const double factor[] = {1, 0.5};
        double x[12] = {1};
        for (uint64_t i = 0; i < k; i++) x[i + 1] = x[i] - 0.5 * factor[i % 2] * x[i - i % 2];
        assert_true(fabs(after(k, "sim:workers=2,rate=inverse," DELAYS) - x[k]) < 1e-15);
    }
    /* the factors from w[k-1] on may add up to 1, and the step before took all of it */
    assert_true(after(2, "sim:workers=2,rate=adaptive2," DELAYS) == 0.5);
    assert_true(fabs(after(2, "sim:workers=2,rate=adaptive1,alpha=0.5," DELAYS) -
                     (0.75 - 0.5 * 0.5 * 0.5 * 1)) < 1e-15);
}

/* ---- refused ------------------------------------------------------------------------------------------- */

static void refused(void **state)
{
    worker_run r = net_run(), corrected = net_run();
    tw_error err = {0};
    size_t bytes;
    (void)state;
    corrected.o.optimizer = "dcasgd";
    write_text(PATH, "0,0,0\n0,0,1\n");
    worker_refused(&r, "delayed:workers=2," DELAYS, "workers must be 3, not 2");
    worker_refused(&corrected, "delayed:workers=3," DELAYS, "give a file with one column");
    worker_refused(&r, "delayed:delays=d.csv", "is no text in quotes");
    worker_refused(&r, "sim:delays=\"\"", "is no text in quotes");
    assert_null(worker_weights(&r, "sim:delays=\"" TW_BINARY_DIR "/none.csv\"", &bytes, &err));
    assert_int_equal(err.code, TW_ERR_NOT_FOUND);
    write_text(PATH, "0\n1\n-1\n");
    assert_null(worker_weights(&r, "sim:" DELAYS, &bytes, &err));
    assert_int_equal(err.code, TW_ERR_DATA);
    assert_int_equal(err.line, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read),   cmocka_unit_test(files_are_refused),
        cmocka_unit_test(by_hand),          cmocka_unit_test(no_delay_is_local),
        cmocka_unit_test(turns_are_delays), cmocka_unit_test(rates_are_those_of_the_delay),
        cmocka_unit_test(refused),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(PATH);
    return failed;
}
