/* The data sets "sparse" and "ratings": the same rows for ever, in memory and in a file; what is refused; what may fail.
 * SPDX-License-Identifier: MIT */
#include "data/planted.h"
#include "context.h"
#include "fault_walk.h"
#include <stdio.h>
#include <thalweg/data.h>
#include <unistd.h>

#define PATH TW_BINARY_DIR "/test_planted.svm"
static const tw_sparse_set small = {sizeof small, 3, 60, 20, 500, 12};

static void open_file(tw_context *ctx, const char *path, const char *test, tw_data **train_out,
                      tw_data **test_out)
{
    const tw_data_options o = {.size = sizeof o, .test = test, .features = 500};
    tw_error err;
    if (tw_data_open(ctx, path, &o, train_out, NULL, test_out, &err) != TW_OK) fail_msg("%s", err.message);
}

static tw_data_info info_of(const tw_data *data)
{
    tw_data_info info = {.size = sizeof info};
    assert_int_equal(tw_data_info_get(data, &info, NULL), TW_OK);
    return info;
}

static void the_rows_are_pinned(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        tw_context *ctx = context(threads);
        tw_data *train, *test;
        assert_int_equal(tw_data_open(ctx, "sparse", NULL, &train, NULL, &test, NULL), TW_OK);
        const tw_data_info a = info_of(train), b = info_of(test);
        assert_int_equal(a.rows, 20000);
        assert_int_equal(b.rows, 5000);
        assert_true(a.shape[0] == 20000 && b.shape[0] == 20000);
        assert_string_equal(a.fingerprint, "522ac229526acc8804dccb704fb07e59");
        assert_string_equal(b.fingerprint, "b92bf4e89e42e38b4d25bea35d949cc0");
        tw_data_free(train);
        tw_data_free(test);
        tw_context_free(ctx);
    }
}

static void ratings_are_pinned(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_data *train, *test;
    assert_int_equal(tw_data_open(ctx, "ratings", NULL, &train, NULL, &test, NULL), TW_OK);
    const tw_data_info a = info_of(train), b = info_of(test);
    assert_true(a.rows == 80000 && b.rows == 20000 && a.shape[0] == 2500 && b.shape[0] == 2500);
    assert_string_equal(a.fingerprint, "5e52f9947ae8f4db36f91fea9451de6f");
    assert_string_equal(b.fingerprint, "96383e49f5502bc2d5d1404dcd0e4e41");
    for (uint64_t i = 0; i < a.rows; i++)
        assert_true(a.columns[2 * i] < 1000 && a.columns[2 * i + 1] >= 1000 && a.starts[i] == 2 * i);
    tw_data_free(train);
    tw_data_free(test);
    tw_context_free(ctx);
}

/* Few columns are in most rows, a row has nearly as many as were drawn, its norm is 1. */
static void rows_are_like_texts(void **state)
{
    (void)state;
    enum { ROWS = 2000, COLUMNS = 1000 };
    static const tw__planted p = {.seed = 1, .columns = COLUMNS, .nonzeros = 20};
    static int in[COLUMNS];
    tw_context *ctx = context(1);
    tw__planted_row row;
    int numbers = 0, ones = 0;
    assert_int_equal(tw__planted_new(&p, ctx, &row, NULL), TW_OK);
    for (uint64_t i = 0; i < ROWS; i++) {
        double squares = 0;
        tw__planted_draw(&p, i, &row);
        assert_true(row.n <= 31);
        for (uint32_t j = 0; j < row.n; j++) {
            assert_true(row.column[j] < COLUMNS && (j == 0 || row.column[j] > row.column[j - 1]));
            squares += row.units[j] * (double)row.units[j];
            in[row.column[j]]++;
        }
        assert_true(squares > 0.999e8 && squares < 1.001e8);
        numbers += (int)row.n;
        ones += row.class;
    }
    assert_true(numbers > 15 * ROWS && numbers < 20 * ROWS);
    assert_true(ones > ROWS / 3 && ones < ROWS - ROWS / 3);
    assert_true(in[0] > ROWS / 2 && in[COLUMNS - 1] < ROWS / 20);
    tw__planted_free(&p, ctx, &row);
    tw_context_free(ctx);
}

static void check_file(const tw_data *data, uint64_t first, uint64_t rows)
{
    const tw__planted p = {.seed = 3, .columns = 500, .nonzeros = 12};
    tw_context *ctx = context(1);
    const tw_data_info r = info_of(data);
    tw__planted_row row;
    assert_int_equal(tw__planted_new(&p, ctx, &row, NULL), TW_OK);
    assert_int_equal(r.rows, rows);
    for (uint64_t i = 0; i < rows; i++) {
        tw__planted_draw(&p, first + i, &row);
        assert_int_equal(r.starts[i + 1] - r.starts[i], row.n);
        assert_int_equal(r.labels[i], row.class);
        for (uint32_t j = 0; j < row.n; j++) {
            assert_int_equal(r.columns[r.starts[i] + j], row.column[j]);
            assert_true(((const double *)r.x)[r.starts[i] + j] == row.units[j] / 1e4);
        }
    }
    tw__planted_free(&p, ctx, &row);
    tw_context_free(ctx);
}

static void files_hold_the_rows(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_data *train, *test;
    assert_int_equal(tw_data_make_sparse(ctx, PATH, &small, NULL), TW_OK);
    open_file(ctx, PATH, PATH ".t", &train, &test);
    check_file(train, 0, 60);
    check_file(test, TW__PLANTED_TEST_FIRST, 20);
    tw_data_free(train);
    tw_data_free(test);
    tw_context_free(ctx);
    remove(PATH);
    remove(PATH ".t");
}

static void rows_may_be_dense(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_sparse_set dense = {sizeof dense, 0, 30, 0, 7, 7};
    tw_data *data;
    assert_int_equal(tw_data_make_sparse(ctx, PATH, &dense, NULL), TW_OK);
    assert_int_equal(tw_data_open(ctx, PATH, NULL, &data, NULL, NULL, NULL), TW_OK);
    assert_int_equal(info_of(data).starts[30], 30 * 7);
    assert_int_not_equal(access(PATH ".t", F_OK), 0);
    tw_data_free(data);
    tw_context_free(ctx);
    remove(PATH);
}

static void expect_refusal(tw_sparse_set set, const char *says)
{
    tw_context *ctx = context(1);
    tw_error err;
    assert_int_equal(tw_data_make_sparse(ctx, PATH, &set, &err), TW_ERR_SPEC);
    if (!strstr(err.message, says)) fail_msg("%s", err.message);
    assert_int_not_equal(access(PATH, F_OK), 0);
    tw_context_free(ctx);
}

static void numbers_out_of_bounds_are_refused(void **state)
{
    (void)state;
    expect_refusal((tw_sparse_set){sizeof small, 0, 0, 0, 9, 9}, "0 and 0 rows are outside");
    expect_refusal((tw_sparse_set){sizeof small, 0, 1, 1000000001, 9, 9}, "1 and 1000000001 rows");
    expect_refusal((tw_sparse_set){sizeof small, 0, 1, 0, 0, 9}, "0 columns are outside");
    expect_refusal((tw_sparse_set){sizeof small, 0, 1, 0, UINT64_MAX, 9}, "columns are outside");
    expect_refusal((tw_sparse_set){sizeof small, 0, 1, 0, 9, 10001}, "10001 numbers in a row");
}

static tw_status open_test_rows(tw_context *ctx, const char *name)
{
    tw_data *test = NULL;
    const tw_status s = tw_data_open(ctx, name, NULL, NULL, NULL, &test, NULL);
    tw_data_free(test);
    return s;
}

static tw_status make_small(tw_context *ctx)
{
    const tw_status s = tw_data_make_sparse(ctx, PATH, &small, NULL);
    assert_true(s != TW_OK || access(PATH, F_OK) == 0);
    assert_true(s != TW_ERR_MEMORY || access(PATH, F_OK) != 0);
    remove(PATH);
    remove(PATH ".t");
    return s;
}

static void anything_may_fail(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        for (fault_walk k = {.least = 4}; fault_walk_next(&k);) {
            fault_walk_arm(&k);
            fault_walk_end(&k, open_test_rows(k.ctx, i ? "ratings" : "sparse"));
        }
    for (int in_files = 0; in_files < 2; in_files++)
        for (fault_walk k = {.in_files = in_files, .whole = 1, .least = in_files ? 80 : 6};
             fault_walk_next(&k);) {
            fault_walk_arm(&k);
            fault_walk_end(&k, make_small(k.ctx));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rows_are_pinned), cmocka_unit_test(ratings_are_pinned),
        cmocka_unit_test(rows_are_like_texts), cmocka_unit_test(files_hold_the_rows),
        cmocka_unit_test(rows_may_be_dense),   cmocka_unit_test(numbers_out_of_bounds_are_refused),
        cmocka_unit_test(anything_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
