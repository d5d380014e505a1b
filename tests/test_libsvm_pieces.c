/* libsvm on texts of many pieces: the same bits, type and first error however a text is cut, packed and read,
 * and on any threads.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "base/random.h"
#include "row_files.h"
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH(name) TW_BINARY_DIR "/test_libsvm_pieces." name
#define ROWS PATH("rows")
#define OTHER PATH("other")

/* Lines of any length, which many pieces hold. Returns the length. */
static size_t make_rows(char *to, size_t capacity)
{
    size_t n = 0;
    for (uint64_t row = 0; n + (2 << 20) < capacity; row++) {
        uint64_t at = row << 16;
        uint32_t index = 0;
        n += (size_t)sprintf(to + n, "%d qid:%d", (int)(tw__random_unit(7, TW__FOR_TEST, 2, at++) * 5),
                             (int)(row / 10));
        const int features = row == 50 ? 60000 : (int)(tw__random_unit(7, TW__FOR_TEST, 2, at++) * 120);
        for (int k = 0; k < features; k++) {
            index += 1 + (uint32_t)(tw__random_unit(7, TW__FOR_TEST, 2, at++) * 500);
            const double x = tw__random_unit(7, TW__FOR_TEST, 2, at++);
            n += (size_t)sprintf(to + n, " %u:%.*g", index, 1 + (int)(row % 17), x - 0.5);
        }
        to[n++] = '\n';
    }
    return n;
}

/* In files of a few lines to a few thousand, one after the other. */
static void fingerprint_of_parts(tw_context *ctx, const char *text, size_t n, char to[FINGERPRINT])
{
    static const size_t parts[] = {50, 1, 3000, 700000, 1 << 20, 1, 100000000};
    char names[1024] = "";
    size_t at = 0;
    for (size_t i = 0; at < n && i < sizeof parts / sizeof parts[0]; i++) {
        char path[256];
        size_t end = at + parts[i] < n ? at + parts[i] : n;
        while (text[end - 1] != '\n') end++;
        snprintf(path, sizeof path, "%s.%zu", ROWS, i);
        write_file(path, text + at, end - at);
        if (i) snprintf(names + strlen(names), sizeof names - strlen(names), "%s\n", path);
        at = end;
    }
    assert_int_equal(at, n);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.more = names;
    fingerprint_of(ctx, ROWS ".0", &o, to);
}

static void the_same_bits_however_it_is_read(void **state)
{
    (void)state;
    enum { SIZE = 5 << 20 };
    static const char *const filters[] = {"gzip", "bzip2", "xz", "zstd", "lz4"};
    static const int roundings[] = {FE_UPWARD, FE_DOWNWARD};
    char *text = malloc(SIZE), first[FINGERPRINT], other[FINGERPRINT];
    assert_non_null(text);
    const size_t n = make_rows(text, SIZE);
    tw_context *ctx = context(1, NULL);
    write_file(ROWS, text, n);
    fingerprint_of(ctx, ROWS, NULL, first);
    for (int i = 0; i < 2; i++) {
        fesetround(roundings[i]);
        fingerprint_of(ctx, ROWS, NULL, other);
        fesetround(FE_TONEAREST);
        assert_string_equal(other, first);
    }
    fingerprint_of_parts(ctx, text, n, other);
    assert_string_equal(other, first);
    tw_context_free(ctx);
    for (int threads = 2; threads <= 3; threads++) {
        ctx = context(threads, NULL);
        fingerprint_of(ctx, ROWS, NULL, other);
        assert_string_equal(other, first);
        fingerprint_of_parts(ctx, text, n, other);
        assert_string_equal(other, first);
        tw_context_free(ctx);
    }
    ctx = context(2, NULL);
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        pack(OTHER, filters[i], text, n);
        fingerprint_of(ctx, OTHER, NULL, other);
        assert_string_equal(other, first);
    }
    fingerprint_of_pipe(ctx, OTHER, text, n, NULL, other);
    assert_string_equal(other, first);
    tw_context_free(ctx);
    faults f; /* reads that are cut short */
    assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
    fingerprint_of(ctx, ROWS, NULL, other);
    assert_string_equal(other, first);
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
    free(text);
}

/* Rows of many pieces, of which only the last holds a number that is no float, or none does. */
static void one_number_makes_all_doubles(void **state)
{
    (void)state;
    enum { N = 100000, ROW = 6 };
    static const char row[] = "1 1:1\n", last[] = "1 1:0.1\n";
    char *text = malloc(N * ROW + sizeof last);
    assert_non_null(text);
    for (size_t i = 0; i < N; i++) memcpy(text + i * ROW, row, ROW);
    memcpy(text + N * ROW, last, sizeof last);
    for (int threads = 1; threads <= 3; threads++) {
        tw_context *ctx = context(threads, NULL);
        for (int is_mixed = 0; is_mixed < 2; is_mixed++)
            for (tw_type type = 0; type <= TW_F64; type++) {
                const tw_type want = type ? type : is_mixed ? TW_F64 : TW_F32;
                if (type && type < TW_F32) continue;
                tw_data_options o = TW_DATA_OPTIONS_INIT;
                o.type = type;
                write_file(ROWS, text, N * ROW + (is_mixed ? sizeof last - 1 : 0));
                tw_data *data = open_path(ctx, ROWS, &o);
                const tw_data_info info = info_of(data);
                assert_int_equal(info.type, want);
                assert_int_equal(info.rows, N + is_mixed);
                for (size_t i = 0; i < N + (size_t)is_mixed; i++) {
                    const double x = i < N ? 1 : want == TW_F32 ? 0.1f : 0.1;
                    assert_int_equal(info.starts[i + 1], i + 1);
                    assert_true((want == TW_F32 ? (double)((const float *)info.x)[i]
                                                : ((const double *)info.x)[i]) == x);
                }
                tw_data_free(data);
            }
        tw_context_free(ctx);
    }
    free(text);
}

/* A subnormal number is none that a float holds, whatever the mode of the thread that reads it. */
static void subnormal_numbers_are_kept(void **state)
{
    (void)state;
    static const char text[] = "1 1:4.9e-324 2:1\n0 1:2.2e-310\n";
    write_file(ROWS, text, strlen(text));
    for (int threads = 1; threads <= 3; threads++) {
        tw_context *ctx = context(threads, NULL);
        tw_data *data = open_path(ctx, ROWS, NULL);
        const tw_data_info info = info_of(data);
        const double *x = info.x, right[] = {4.9e-324, 1, 2.2e-310};
        assert_int_equal(info.type, TW_F64);
        assert_memory_equal(x, right, sizeof right);
        tw_data_free(data);
        tw_context_free(ctx);
    }
}

/* The error of the first wrong line of the first wrong file, whichever thread comes upon one first. */
static void the_first_error_is_told(void **state)
{
    (void)state;
    enum { SIZE = 4 << 20 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    const size_t n = make_rows(text, SIZE);
    char *wrong = memchr(text + n / 2, ':', n / 2);
    int line = 1;
    for (const char *p = text; p < wrong; p++) line += *p == '\n';
    wrong[1] = 'x';
    text[n - 2] = 'y';
    write_file(ROWS, text, n);
    for (int threads = 1; threads <= 3; threads++) {
        char message[64];
        tw_context *ctx = context(threads, NULL);
        snprintf(message, sizeof message, "rows:%d: byte ", line);
        expect_error(ctx, ROWS, NULL, TW_ERR_DATA, message);
        tw_context_free(ctx);
    }
    free(text);
}

/* Rows each longer than those before: lists of numbers and of columns do not grow alike. */
static void rows_that_get_longer(void **state)
{
    (void)state;
    enum { LINES = 3, SIZE = 8 << 20 };
    static const int features[LINES] = {72000, 150000, 620000};
    char *text = malloc(SIZE);
    size_t n = 0;
    assert_non_null(text);
    for (int row = 0; row < LINES; row++) {
        text[n++] = (char)('0' + row % 2);
        for (int i = 1; i <= features[row]; i++) n += (size_t)sprintf(text + n, " %d:%d", i, 1 + i % 9);
        text[n++] = '\n';
    }
    write_file(ROWS, text, n);
    free(text);
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_data *data = open_path(ctx, ROWS, &o);
    const tw_data_info r = info_of(data);
    assert_int_equal(r.starts[LINES], 72000 + 150000 + 620000);
    for (uint64_t i = 0; i < 620000; i++) assert_int_equal(r.columns[r.starts[2] + i], i);
    tw_data_free(data);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bits_however_it_is_read),
        cmocka_unit_test(one_number_makes_all_doubles),
        cmocka_unit_test(subnormal_numbers_are_kept),
        cmocka_unit_test(the_first_error_is_told),
        cmocka_unit_test(rows_that_get_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
