/* Hashed columns: each feature, and each text of a table, in the column and with the sign of its hash, sums
 * where two meet, and the schema that reads other files in the same way.
 * SPDX-License-Identifier: MIT */
#include "data/hashing.h"
#include "file/hash.h"
#include "table_rows.h"
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
    assert_non_null(strstr(err.message, "hash_bits = 4 is for columns of texts, and the columns of"));
    tw_context_free(ctx);
}

/* A row of a table as it is defined: its numbers, then its texts by the hash of "column=text". */
static void expect_row(const tw_data *data, uint64_t row, const double *numbers, size_t n,
                       const char *const *texts, unsigned bits)
{
    static double want[2 + (1 << 12)];
    const tw_data_info r = info_of(data);
    assert_int_equal(r.shape[0], n + ((size_t)1 << bits));
    memset(want, 0, sizeof want);
    memcpy(want, numbers, n * sizeof *want);
    for (; *texts; texts++) {
        const uint64_t hash = tw__hash_text(*texts, strlen(*texts));
        want[n + hash % ((uint64_t)1 << bits)] += hash >> 63 ? -1 : 1;
    }
    for (uint64_t i = r.starts[row]; i < r.starts[row + 1]; i++) {
        assert_true(i == r.starts[row] || r.columns[i] > r.columns[i - 1]);
        assert_true(number_at(&r, i) == want[r.columns[i]]);
        want[r.columns[i]] = 0;
    }
    for (size_t i = 0; i < n + ((size_t)1 << bits); i++) assert_true(want[i] == 0);
}

static void texts_of_tables_are_hashed(void **state)
{
    (void)state;
    static const char text[] =
        "age,town,pay,tint,y\n31,Basel,0.1,red,p\n,\"St. Gallen\",0,,q\n35,,3,blue,p\n",
                      other[] = "tint,pay,x,age,town\nred,,0,4,Chur\n", bare[] = "1,a,p\n2,b,q\n";
    for (unsigned bits = 1; bits <= 12; bits += 11) {
        tw_context *ctx = context((int)bits % 3 + 1, NULL);
        tw_data_options o = TW_DATA_OPTIONS_INIT, fit = TW_DATA_OPTIONS_INIT;
        o.hash_bits = bits;
        o.missing = "mean";
        write_file(SOURCE, text, strlen(text));
        tw_data *rows = open_path(ctx, SOURCE, &o);
        expect_row(rows, 0, (const double[]){31, 0.1}, 2, (const char *[]){"town=Basel", "tint=red", NULL},
                   bits);
        expect_row(rows, 1, (const double[]){33, 0}, 2, (const char *[]){"town=St. Gallen", NULL}, bits);
        expect_row(rows, 2, (const double[]){35, 3}, 2, (const char *[]){"tint=blue", NULL}, bits);
        expect_labels(rows, 2, (const char *[]){"p", "q"}, (const int32_t[]){0, 1, 0});
        assert_null(info_of(rows).column_names);
        fit.schema = info_of(rows).schema;
        fit.unlabelled = 1;
        write_file(SOURCE, other, strlen(other)); /* the mean of pay */
        tw_data *again = open_path(ctx, SOURCE, &fit);
        expect_row(again, 0, (const double[]){4, (0.1 + 3) / 3}, 2,
                   (const char *[]){"town=Chur", "tint=red", NULL}, bits);
        tw_data_free(again);
        tw_data_free(rows);
        write_file(SOURCE, bare, strlen(bare));
        rows = open_path(ctx, SOURCE, &o);
        expect_row(rows, 1, (const double[]){2}, 1, (const char *[]){"2=b", NULL}, bits);
        tw_data_free(rows);
        tw_context_free(ctx);
    }
}

/* Many texts make sparse rows, with the numbers of the dense ones that networks take. */
static void many_texts_make_sparse_rows(void **state)
{
    (void)state;
    enum { ROWS = 620 };
    static char text[ROWS * 32] = "a,id,x,key,y\n";
    tw_context *ctx = context(2, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    size_t n = strlen(text);
    for (int i = 0; i < ROWS; i++)
        n += (size_t)snprintf(text + n, 32, "%d,i%d,%g,k%d,%d\n", i % 3, i, i / 8.0, i * 7 % 601, i % 2);
    write_file(SOURCE, text, n);
    tw_data *sparse = open_path(ctx, SOURCE, &o);
    o.type = TW_F32;
    tw_data *dense = open_path(ctx, SOURCE, &o);
    const tw_data_info s = info_of(sparse), d = info_of(dense);
    assert_int_equal(s.shape[0], 2 + 620 + 601);
    assert_int_equal(d.shape[0], s.shape[0]);
    assert_null(d.starts);
    assert_string_equal(s.column_names[1], "id=i0");
    for (size_t row = 0, i = 0; row < ROWS; row++)
        for (size_t k = 0; k < (size_t)s.shape[0]; k++) {
            const double x = i < s.starts[row + 1] && s.columns[i] == k ? number_at(&s, i++) : 0;
            assert_true(x == number_at(&d, row * (size_t)d.shape[0] + k));
        }
    tw_data_free(sparse);
    tw_data_free(dense);
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

static void reading_survives_faults(void **state)
{
    (void)state;
    static const char text[] = "a,b,c,y\n1,p,,k\n,q,3,l\n2,p,4,k\n";
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.missing = "mean";
    write_file(SOURCE, text, strlen(text));
    for (int mode = 0; mode < 8; mode++) {
        o.hash_bits = mode & 4 ? 6 : 0;
        survives_faults(SOURCE, &o, mode & 2, mode & 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_those_of_the_hash),
        cmocka_unit_test(what_adds_up_to_zero_is_left_out),
        cmocka_unit_test(other_files_are_read_by_the_schema),
        cmocka_unit_test(texts_of_tables_are_hashed),
        cmocka_unit_test(many_texts_make_sparse_rows),
        cmocka_unit_test(reading_survives_faults),
        cmocka_unit_test(sums_that_are_too_large_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
