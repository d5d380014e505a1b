/* Rows that stay in a file: the order in which windows of them are drawn, the same bits as in memory, and how
 * much of the file is in memory.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "base/random.h"
#include "estimators/windows.h"
#include "row_files.h"
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/train.h>

#define PATH(name) TW_BINARY_DIR "/test_stream." name
#define SOURCE PATH("source")
#define ROWS PATH("rows")

/* ---- the order ----------------------------------------------------------------------------------------- */

/* Each row once, window by window, whatever the draws; another draw first changes nothing. */
static void check_order(tw_context *ctx, uint64_t rows, uint64_t each, uint64_t batch, uint64_t epoch)
{
    tw__windows w;
    uint64_t *whole, window = rows;
    uint8_t *seen = calloc(rows, 1);
    assert_int_equal(tw__windows_create(&w, ctx, 7, 0, rows, each, rows, NULL), TW_OK);
    whole = malloc(rows * sizeof *whole);
    memcpy(whole, tw__windows_draw(&w, epoch, 0, rows), rows * sizeof *whole);
    tw__windows_draw(&w, epoch + 1, rows / 2, 1);
    for (uint64_t first = 0; first < rows; first += batch) {
        const uint64_t n = rows - first < batch ? rows - first : batch,
                       *drawn = tw__windows_draw(&w, epoch, first, n);
        for (uint64_t i = 0; i < n; i++) {
            if (drawn[i] != whole[first + i] || drawn[i] >= rows || seen[drawn[i]]++)
                fail_msg("%d rows, windows of %d, batch %d: row %d of epoch %d is %d", (int)rows, (int)each,
                         (int)batch, (int)(first + i), (int)epoch, (int)drawn[i]);
        }
    }
    for (uint64_t i = 0, left = 0; each && each < rows && i < rows; i++, left--) {
        if (left == 0) {
            window = whole[i] / each;
            left = window == (rows - 1) / each ? rows - window * each : each;
        }
        assert_int_equal(whole[i] / each, window);
    }
    tw__windows_free(&w);
    free(whole);
    free(seen);
}

static void windows_are_drawn_one_after_the_other(void **state)
{
    (void)state;
    static const uint64_t rows[] = {1, 2, 12, 37}, each[] = {0, 1, 4, 5, 12, 50}, batch[] = {1, 3, 8, 40};
    tw_context *ctx = context(1, NULL);
    for (size_t i = 0; i < 4 * 6 * 4; i++)
        for (uint64_t epoch = 0; epoch < 3; epoch++)
            check_order(ctx, rows[i % 4], each[i / 4 % 6], batch[i / 24], epoch);
    tw_context_free(ctx);
}

/* The order of before there were windows, which runs that are on the disk continue with. */
static void one_window_is_fisher_and_yates(void **state)
{
    (void)state;
    enum { ROWS_N = 100, EPOCH = 3 };
    uint64_t order[ROWS_N];
    tw__windows w;
    tw_context *ctx = context(1, NULL);
    for (uint64_t i = 0; i < ROWS_N; i++) order[i] = i;
    for (uint64_t i = ROWS_N; i-- > 1;) {
        const uint64_t j = tw__random_below(5, TW__FOR_SHUFFLE, EPOCH, i, i + 1), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    assert_int_equal(tw__windows_create(&w, ctx, 5, 0, ROWS_N, 0, 8, NULL), TW_OK);
    assert_memory_equal(tw__windows_draw(&w, EPOCH, 0, ROWS_N), order, sizeof order);
    tw__windows_free(&w);
    tw_context_free(ctx);
}

/* ---- runs ---------------------------------------------------------------------------------------------- */

/* A file of about 3 MB once converted. */
static void make_rows(tw_context *ctx)
{
    tw_sparse_set set = TW_SPARSE_SET_INIT;
    set.train = 8000;
    set.test = 500;
    set.columns = 2000;
    assert_int_equal(tw_data_make_sparse(ctx, SOURCE, &set, NULL), TW_OK);
    assert_int_equal(tw_data_convert(ctx, SOURCE, NULL, ROWS, NULL), TW_OK);
}

static tw_job_options options(const char *data, int stream)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    o.data = data;
    o.model = "logistic";
    o.run.optimizer = "adagrad:lr=0.1";
    o.run.epochs = 2;
    o.stream = stream;
    o.window = stream ? 1 : 0;
    return o;
}

/* The sum of the weights' bits after the run. */
static double train(tw_context *ctx, tw_job_options *o)
{
    tw_job *job;
    tw_error err;
    double sum = 0;
    if (tw_job_create(&job, ctx, o, &err) != TW_OK || tw_job_run(job, &err) != TW_OK)
        fail_msg("%s", err.message);
    const float *w = tw_model_weights(tw_job_model(job));
    for (size_t i = 0; i < tw_model_size(tw_job_model(job)); i++) sum += (double)w[i] * (double)(i + 1);
    tw_job_free(job);
    return sum;
}

/* Windows are the method, and where rows stay a resource. */
static void the_file_has_the_bits_of_memory(void **state)
{
    (void)state;
    tw_context *ctx = context(2, NULL);
    make_rows(ctx);
    tw_job_options streamed = options(ROWS, 1), held = options(SOURCE, 0), whole = options(ROWS, 1);
    streamed.run.estimator = held.run.estimator = "minibatch:window=777";
    whole.window = 0;
    assert_true(train(ctx, &streamed) == train(ctx, &held));
    held.run.estimator = NULL;
    assert_true(train(ctx, &whole) == train(ctx, &held));
    held.val = whole.val = 0.2;
    held.model = whole.model = "svm";
    assert_true(train(ctx, &whole) != 0); /* the last rows */
    tw_context_free(ctx);
}

/* ---- memory -------------------------------------------------------------------------------------------- */

/* Bytes of a mapped file that are in memory. */
static size_t resident(const char *path)
{
    char line[4096];
    FILE *maps = fopen("/proc/self/smaps", "r");
    int is_it = 0;
    size_t kb, all = 0;
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        if (strchr(line, '-') && strchr(line, '/')) is_it = strstr(line, path) != NULL;
        if (is_it && sscanf(line, "Rss: %zu kB", &kb) == 1) all += kb << 10, is_it = 0;
    }
    fclose(maps);
    return all;
}

static size_t times, left;

static void forget(void *user, void *bytes, size_t n)
{
    tw__system_io.forget(user, bytes, n);
    times++;
    left += resident(ROWS);
}

/* A file of more than 3 MB is read twice, and once when it is opened: after every megabyte all pages are
 * given back. (How many pages come with one that is touched, up to 2 MB of them, the kernel decides.) */
static void pages_are_given_back_after_a_window(void **state)
{
    (void)state;
    enum { MB = 1 << 20 };
    tw_io io = tw__system_io;
    tw_context *ctx;
    tw_context_options c = TW_CONTEXT_OPTIONS_INIT;
    struct stat file;
    io.forget = forget;
    c.io = &io;
    c.threads = 1; /* no other one touches a page meanwhile */
    assert_int_equal(tw_context_create(&ctx, &c, NULL), TW_OK);
    make_rows(ctx);
    assert_int_equal(stat(ROWS, &file), 0);
    assert_true(file.st_size > 3 * MB);
    tw_job_options o = options(ROWS, 1);
    times = left = 0;
    train(ctx, &o);
    assert_in_range(times, 7, 3 * (size_t)file.st_size / MB);
    assert_int_equal(left, 0);
    o.stream = 0;
    o.window = times = 0;
    train(ctx, &o);
    assert_int_equal(times, 0);
    tw_context_free(ctx);
}

/* ---- converting ---------------------------------------------------------------------------------------- */

/* Rows that went through files in several parts are those that were together in memory, for any threads. */
static void long_texts_are_converted_in_parts(void **state)
{
    (void)state;
    enum { MB = 1 << 20 };
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_context *one = context(1, NULL);
    char fingerprint[3][FINGERPRINT];
    make_rows(one);
    for (int targets = TW_TARGETS_AUTO; targets <= TW_TARGETS_REALS; targets++) {
        o.targets = (enum tw_targets)targets;
        o.window = 0;
        fingerprint_of(one, SOURCE, &o, fingerprint[0]);
        for (int threads = 1; threads < 3; threads++) {
            tw_context *ctx = context(threads, NULL);
            o.window = MB;
            o.targets = TW_TARGETS_AUTO;
            assert_int_equal(tw_data_convert(ctx, SOURCE, &o, ROWS, NULL), TW_OK);
            o.targets = (enum tw_targets)targets;
            fingerprint_of(ctx, ROWS, &o, fingerprint[threads]);
            assert_string_equal(fingerprint[threads], fingerprint[0]);
            tw_context_free(ctx);
        }
    }
    tw_context_free(one);
}

/* ---- files --------------------------------------------------------------------------------------------- */

/* Text is converted once, and again when it has changed or is read in another way. */
static void text_is_converted_when_it_has_to_be(void **state)
{
    (void)state;
    char log[LOGGED];
    struct stat first, second;
    tw_context *ctx = context(1, log);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_data *data;
    write_file(SOURCE, "1 1:1\n0 2:1\n", 12);
    unlink(PATH("kept.twd"));
    o.stream = PATH("kept");
    for (int i = 0; i < 4; i++) {
        if (i == 2) o.features = 5;
        if (i == 3) write_file(SOURCE, "1 1:1\n0 2:2\n", 12);
        data = open_path(ctx, SOURCE, &o);
        assert_int_equal(info_of(data).shape[0], i < 2 ? 2 : 5);
        tw_data_free(data);
        assert_int_equal(stat(PATH("kept.twd"), &second), 0);
        if (i) assert_int_equal(i == 1, first.st_ino == second.st_ino);
        first = second;
    }
    tw_context_free(ctx);
}

static void refusals(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_data *data, *val;
    tw_error err;
    write_file(SOURCE, "1 qid:1 1:1\n0 qid:1 2:1\n1 qid:2 1:1\n", 36);
    o.stream = "";
    assert_int_equal(tw_data_open(ctx, SOURCE, &o, &data, NULL, NULL, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "no place for its converted rows"));
    o.stream = PATH("kept");
    o.val = 0.5;
    assert_int_equal(tw_data_open(ctx, SOURCE, &o, &data, &val, NULL, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "would cut a group"));
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_drawn_one_after_the_other),
        cmocka_unit_test(one_window_is_fisher_and_yates),
        cmocka_unit_test(the_file_has_the_bits_of_memory),
        cmocka_unit_test(pages_are_given_back_after_a_window),
        cmocka_unit_test(text_is_converted_when_it_has_to_be),
        cmocka_unit_test(refusals),
        cmocka_unit_test(long_texts_are_converted_in_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
