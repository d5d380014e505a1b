/* Hashed columns: each feature in the column and with the sign of its hash, sums where two meet, and the
 * schema that reads other files in the same way.
 * SPDX-License-Identifier: MIT */
#include "data/hashing.h"
#include "file/hash.h"
#include "row_files.h"
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SOURCE TW_BINARY_DIR "/test_hashing.source"

/* As it is defined, by another way. */
static void add_naively(double *sums, uint64_t index, double x, unsigned bits)
{
    const unsigned char bytes[8] = {(unsigned char)index, (unsigned char)(index >> 8),
                                    (unsigned char)(index >> 16), (unsigned char)(index >> 24)};
    const uint64_t hash = tw__hash_text((const char *)bytes, 8);
    sums[hash % ((uint64_t)1 << bits)] += hash & (uint64_t)1 << 63 ? -x : x;
}

static void columns_are_those_of_the_hash(void **state)
{
    (void)state;
    enum { MOST = 1500 };
    for (unsigned bits = 1; bits <= 12; bits++)
        for (size_t n = 0; n < MOST; n = 3 * n + 1) {
            static double sums[1 << 12];
            double x[MOST];
            uint32_t columns[MOST];
            memset(sums, 0, sizeof sums);
            for (size_t i = 0; i < n; i++) {
                columns[i] = (uint32_t)(i * i + 7 * i);
                x[i] = (double)(i % 5) + 1; /* whole, so that sums are exact */
                add_naively(sums, columns[i], x[i], bits);
            }
            const size_t k = tw__hash_columns(x, columns, n, bits);
            for (size_t i = 0; i < k; i++) {
                assert_true(i == 0 || columns[i - 1] < columns[i]);
                assert_true(x[i] != 0 && x[i] == sums[columns[i]]);
                sums[columns[i]] = 0;
            }
            for (size_t i = 0; i < (size_t)1 << bits; i++) assert_true(sums[i] == 0);
        }
}

/* Opposite signs in one column leave nothing behind. */
static void what_adds_up_to_zero_is_left_out(void **state)
{
    (void)state;
    uint32_t columns[2], all[64];
    double x[2] = {1, 1}, one[64];
    for (uint32_t i = 0; i < 64; i++) all[i] = i, one[i] = 1;
    for (uint32_t i = 1; i < 64; i++) { /* in one column of one */
        double a = 1, b = 1;
        uint32_t first = 0, second = i;
        tw__hash_columns(&a, &first, 1, 1);
        tw__hash_columns(&b, &second, 1, 1);
        if (first != second || a == b) continue;
        columns[0] = 0;
        columns[1] = i;
        x[0] = x[1] = 1;
        assert_int_equal(tw__hash_columns(x, columns, 2, 1), 0);
    }
    assert_in_range(tw__hash_columns(one, all, 64, 1), 0, 2);
}

static void other_files_are_read_by_the_schema(void **state)
{
    (void)state;
    static const char text[] = "1 0:1 4000000000:2\n0 7:1\n";
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT, fit = TW_DATA_OPTIONS_INIT;
    tw_error err;
    tw_data *rows, *again;
    write_file(SOURCE, text, strlen(text));
    o.hash_bits = 20;
    rows = open_path(ctx, SOURCE, &o);
    assert_int_equal(info_of(rows).shape[0], 1 << 20);
    fit.schema = info_of(rows).schema;
    again = open_path(ctx, SOURCE, &fit);
    assert_string_equal(info_of(again).fingerprint, info_of(rows).fingerprint);
    tw_data_free(again);
    fit.hash_bits = 21;
    assert_int_equal(tw_data_open(ctx, SOURCE, &fit, &again, NULL, NULL, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "hash_bits = 21, but those of the training rows are 20");
    tw_data_free(rows);
    o.features = 9;
    assert_int_equal(tw_data_open(ctx, SOURCE, &o, &again, NULL, NULL, &err), TW_ERR_SPEC);
    o.features = 0;
    o.hash_bits = 31;
    assert_int_equal(tw_data_open(ctx, SOURCE, &o, &again, NULL, NULL, &err), TW_ERR_SPEC);
    write_file(SOURCE, "1,2,0\n3,4,1\n", 12);
    o.hash_bits = 4;
    assert_int_equal(tw_data_open(ctx, SOURCE, &o, &again, NULL, NULL, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "option hash_bits is for LIBSVM files"));
    tw_context_free(ctx);
}

static void sums_that_are_too_large_are_told(void **state)
{
    (void)state;
    char text[4096] = "1";
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_data *rows;
    tw_error err;
    for (int i = 0; i < 200; i++) snprintf(text + strlen(text), 24, " %d:1e308", i);
    strcat(text, "\n0 1:1\n");
    write_file(SOURCE, text, strlen(text));
    o.hash_bits = 1;
    assert_int_equal(tw_data_open(ctx, SOURCE, &o, &rows, NULL, NULL, &err), TW_ERR_DATA);
    assert_non_null(strstr(err.message, "too large for a double together"));
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_those_of_the_hash),
        cmocka_unit_test(what_adds_up_to_zero_is_left_out),
        cmocka_unit_test(other_files_are_read_by_the_schema),
        cmocka_unit_test(sums_that_are_too_large_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
