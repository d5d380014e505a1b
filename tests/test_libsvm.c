/* libsvm: rows against hand-made ones and real files, what each bad line is told, and everything that can
 * fail failing in turn. test_libsvm_pieces.c reads long texts.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "base/random.h"
#include "row_files.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PATH(name) TW_BINARY_DIR "/test_libsvm." name
#define ROWS PATH("rows")
#define OTHER PATH("other")
#define SHARED TW_SOURCE_DIR "/../shared/data/"

static tw_data *open_text(tw_context *ctx, const char *text, const tw_data_options *options)
{
    write_file(ROWS, text, strlen(text));
    return open_path(ctx, ROWS, options);
}

static double number_at(const tw_data_info *r, uint64_t row, uint32_t column)
{
    for (uint64_t k = r->starts[row]; k < r->starts[row + 1]; k++)
        if (r->columns[k] == column)
            return r->type == TW_F32 ? (double)((const float *)r->x)[k] : ((const double *)r->x)[k];
    return 0;
}

/* The rows are these dense ones. */
static void expect(const tw_data *data, uint64_t rows, int64_t width, const double *x)
{
    const tw_data_info r = info_of(data);
    assert_int_equal(r.rows, rows);
    assert_int_equal(r.rank, 1);
    assert_int_equal(r.shape[0], width);
    assert_non_null(r.starts);
    for (uint64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++) {
            const double found = number_at(&r, i, (uint32_t)j), right = x[i * (uint64_t)width + (uint64_t)j];
            if (found != right)
                fail_msg("row %d, column %d: %.17g instead of %.17g", (int)i, (int)j, found, right);
        }
}

static void expect_text(const char *text, uint64_t rows, int64_t width, const double *x, uint64_t numbers)
{
    tw_context *ctx = context(1, NULL);
    tw_data *data = open_text(ctx, text, NULL);
    expect(data, rows, width, x);
    assert_int_equal(info_of(data).starts[rows], numbers);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* ---- values -------------------------------------------------------------------------------------------- */

static void rows_made_by_hand(void **state)
{
    (void)state;
    expect_text("+1 1:2 3:1\n-1 2:4\n", 2, 3, (const double[]){2, 0, 1, 0, 4, 0}, 3);
    /* rows without features, an empty line, blanks at an end, a last line without one */
    expect_text("-1\n\n1 1:2 3:0.5 \n-1\n \t\n# nothing\n3 2:1e-1", 4, 3,
                (const double[]){0, 0, 0, 2, 0, .5, 0, 0, 0, 0, 0.1, 0}, 3);
    /* zeros, which a feature and its absence are alike, and which make columns all the same */
    expect_text("1 1:0 2:-0.0 4:0e5\n2 1:-3\n", 2, 4, (const double[]){0, 0, 0, 0, -3, 0, 0, 0}, 1);
    expect_text("1 0:5 2:7\n2 1:1\n", 2, 3, (const double[]){5, 0, 7, 0, 1, 0}, 3);
    expect_text("1 0:0 2:7\n", 1, 3, (const double[]){0, 0, 7}, 1);
    expect_text("1 1:.5 2:5. 3:+1E+2 4:-1.5e-3 5:12345678901234567890 6:4.9e-324 7:0.30000000000000004\n", 1,
                7,
                (const double[]){.5, 5, 100, -1.5e-3, 12345678901234567890., 4.9e-324, 0.30000000000000004},
                7);
    expect_text("1 0003:1\n", 1, 3, (const double[]){0, 0, 1}, 1);
}

static void other_spellings_have_the_same_bits(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "1 1:2 3:4\n-1 2:1\n1 3:0.25\n",
        "1 1:2 3:4\r\n-1 2:1\r\n1 3:0.25\r\n",
        "1\t1:2\t\t3:4 \n -1  2:1\t\n1 3:0.25",
        "1 1:2 3:4 # a 5:6\n-1 2:1#7:8\n#9:9\n1 3:0.25 # one more\n",
        "\xef\xbb\xbf"
        "1 1:2 3:4\n-1 2:1\n1 3:0.25\n",
        "\r\n1 1:2 3:4\n\n   \n-1 2:1\n1 3:0.25\n\n",
        "1 1:2.0 2:0 3:4e0\n-1 1:0.0 2:+1 3:-0\n1 3:25e-2\n",
        "1 01:2 003:4.000000000000000000000\n-1 2:1\n1 3:.25\n",
        "1.0 1:2 3:4\n-1e0 2:1\n+1 3:0.25\n",
    };
    char first[FINGERPRINT], other[FINGERPRINT];
    tw_context *ctx = context(1, NULL);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_file(ROWS, texts[i], strlen(texts[i]));
        fingerprint_of(ctx, ROWS, NULL, i ? other : first);
        if (i && strcmp(first, other) != 0) fail_msg("\"%s\" differs", texts[i]);
    }
    tw_context_free(ctx);
}

static void labels_are_classes_or_targets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int classes; /* 0: real targets */
        const char *names[3];
        double labels[6];
    } cases[] = {
        {"1 1:1\n2 1:1\n1 1:1\n2 1:2\n", 2, {"1", "2"}, {0, 1, 0, 1}},
        {"0 1:1\n1 1:1\n0 1:1\n1 1:2\n", 2, {"0", "1"}, {0, 1, 0, 1}},
        {"+1 1:1\n-1 1:1\n1 1:1\n1.0 1:1\n1e0 1:1\n-1.0 1:2\n", 2, {"-1", "+1"}, {1, 0, 1, 1, 1, 0}},
        {"spam 1:1\nham 2:1\nspam 1:3\nham 1:4\n", 2, {"ham", "spam"}, {1, 0, 1, 0}},
        {"0.5 1:1\n-2e3 1:2\n0.5 1:2\n7 1:2\n", 0, {NULL}, {0.5, -2000, 0.5, 7}},
    };
    tw_context *ctx = context(1, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_data *data = open_text(ctx, cases[i].text, NULL);
        const tw_data_info r = info_of(data);
        assert_int_equal(r.classes, cases[i].classes);
        for (int c = 0; c < r.classes; c++) assert_string_equal(r.class_names[c], cases[i].names[c]);
        for (uint64_t k = 0; k < r.rows; k++)
            assert_true(cases[i].labels[k] == (r.classes ? r.labels[k] : r.targets[k]));
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

static void groups_of_queries(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data *data = open_text(ctx, "1 qid:3 1:2\n2 qid:18446744073709551615\n1 qid:0 2:1 # x\n", NULL);
    const tw_data_info r = info_of(data);
    assert_non_null(r.groups);
    assert_int_equal(r.groups[0], 3);
    assert_true(r.groups[1] == UINT64_MAX);
    assert_int_equal(r.groups[2], 0);
    expect(data, 3, 2, (const double[]){2, 0, 0, 0, 0, 1});
    tw_data_free(data);
    tw_context_free(ctx);
}

/* ---- columns ------------------------------------------------------------------------------------------- */

/* Memory follows the numbers that are there. */
static void wide_rows_take_no_memory(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t width;
        uint32_t last;
    } cases[] = {{"1 2147483648:1\n", 2147483648, 2147483647},
                 {"1 4294967295:1\n", 4294967295, 4294967294},
                 {"1 0:1 4294967295:1\n", 4294967296, 4294967295}};
    faults f;
    tw_context *ctx;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
        tw_data *data = open_text(ctx, cases[i].text, NULL);
        const tw_data_info r = info_of(data);
        assert_int_equal(r.shape[0], cases[i].width);
        assert_int_equal(r.columns[r.starts[1] - 1], cases[i].last);
        assert_true(f.peak < 64 << 20);
        tw_data_free(data);
        tw_context_free(ctx);
        assert_int_equal(f.live, 0);
    }
}

static void base_and_width_may_be_given(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.index_base = "0";
    tw_data *data = open_text(ctx, "1 1:2\n", &o);
    expect(data, 1, 2, (const double[]){0, 2});
    tw_data_free(data);
    o.features = 4;
    data = open_text(ctx, "1 1:2\n", &o);
    expect(data, 1, 4, (const double[]){0, 2, 0, 0});
    tw_data_free(data);
    o.index_base = "1";
    data = open_text(ctx, "1 4:2\n", &o);
    expect(data, 1, 4, (const double[]){0, 0, 0, 2});
    tw_data_free(data);
    o.index_base = NULL;
    data = open_text(ctx, "1 0:1 3:2\n", &o);
    expect(data, 1, 4, (const double[]){1, 0, 0, 2});
    tw_data_free(data);
    tw_context_free(ctx);
}

/* Test rows have the training rows' columns; what is beyond them counts 0, and is said once. */
static void test_rows_fit_the_training_rows(void **state)
{
    (void)state;
    char log[LOGGED];
    tw_context *ctx = context(1, log);
    tw_data *train, *test;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    const char *const text = "1 2:1\n1 2:1 9:7\n2 6:0\n";
    write_file(ROWS, "1 5:1\n1 1:1\n2 3:1\n2 3:2\n", 24);
    write_file(OTHER, text, strlen(text));
    o.test = OTHER;
    assert_int_equal(tw_data_open(ctx, ROWS, &o, &train, NULL, &test, NULL), TW_OK);
    expect(test, 3, 5, (const double[]){0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0});
    assert_string_equal(
        log,
        OTHER ": 2 of 3 rows have features above 5, which the training rows do not have: they count 0\n");
    o = (tw_data_options)TW_DATA_OPTIONS_INIT;
    o.schema = info_of(train).schema; /* as a model has it */
    o.unlabelled = 1;
    *log = 0;
    tw_data *again = open_text(ctx, "7 2:1\n1:3 5:2\n", &o);
    expect(again, 2, 5, (const double[]){0, 1, 0, 0, 0, 3, 0, 0, 0, 2});
    assert_null(info_of(again).labels);
    assert_string_equal(log, "");
    tw_data_free(again);
    tw_data_free(train);
    tw_data_free(test);
    tw_context_free(ctx);
}

/* ---- errors -------------------------------------------------------------------------------------------- */

/* Every wrong line is told with its number, the byte in it, and what is there. */
static void wrong_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"1 1:1\n1 3:1 2:1\n", ":2: byte 7: index 2 comes after index 3; indices rise within a row"},
        {"1 2:1 2:5\n", ":1: byte 7: index 2 comes after index 2; indices rise within a row"},
        {"1 2:1 3\n", ":1: byte 7: \"3\" is not a feature; write index:value, such as 3:0.5"},
        {"1 1:1\n1 1\n", ":2: byte 3: \"1\" is not a feature"},
        {"1 4:\n", ":1: byte 5: value is missing"},
        {"1 4: 5:1\n", ":1: byte 5: value is missing"},
        {"1 4:x\n", ":1: byte 5: value \"x\" is not a finite decimal number, such as -1.5e-3"},
        {"1 :4\n", ":1: byte 3: \":4\" does not begin with an index, a whole number from 0 to 4294967295"},
        {"1 1:1 -2:4\n", ":1: byte 7: \"-2:4\" does not begin with an index"},
        {"1 1:1 2.0:4\n", ":1: byte 7: \"2.0:4\" does not begin with an index"},
        {"1 4:1,5\n", ":1: byte 5: value \"1,5\" is not"},
        {"1 4:nan\n", ":1: byte 5: value \"nan\" is not a finite"},
        {"1 4:inf\n", ":1: byte 5: value \"inf\" is not a finite"},
        {"1 4:0x1p3\n", ":1: byte 5: value \"0x1p3\" is not"},
        {"1 4:1e400\n", ":1: byte 5: value 1e400 is too large for a double"},
        {"1 4:1e-400\n", ":1: byte 5: value 1e-400 is too small for a double; write 0"},
        {"1 4:1\x1b[2J\n", "value \"1\\x1b[2J\" is not"},
        {"1 2:1\r3:4\n", "value \"1\\x0d3:4\" is not"},
        {"1 4294967296:1\n", ":1: byte 3: index 4294967296 is above 4294967295, the largest there can be"},
        {"1 4294967297:1\n", "index 4294967297 is above 4294967295"},
        {"1 18446744073709551617:1\n", "\"18446744073709551617:1\" does not begin with an index"},
        {"1:2 3:4\n", ":1: byte 1: \"1:2\" is not a label; rows without labels can only be predicted"},
        {"nan 1:1\n", ":1: byte 1: label \"nan\" is not a finite"},
        {"1 1:1\n-Inf 1:1\n", ":2: byte 1: label \"-Inf\" is not a finite"},
        {"1e400 1:1\n", ":1: byte 1: label 1e400 is too large"},
        {"1 1:1\na\1b 1:1\n", ":2: byte 2: control character \"\\x01\" in a label"},
        {"1 1:1\na\xff 1:1\n", ":2: byte 2: label \"a\\xff\" is not UTF-8"},
        {"1 qid:3 1:1\n1 1:2\n", ":2: byte 3: no qid after the label, but the first row has one"},
        {"1 1:1\n1 qid:4 1:2\n", ":2: byte 3: \"qid:4\", but the first row has no qid"},
        {"1 1:1 qid:3\n", ":1: byte 7: \"qid:3\": a qid comes once, right after the label"},
        {"1 qid:3 qid:3 1:1\n", ":1: byte 9: \"qid:3\": a qid comes once"},
        {"1 qid:18446744073709551616 1:1\n",
         ":1: byte 7: qid \"18446744073709551616\" is not a whole number below 2^64"},
        {"1 qid:-1 1:1\n", ":1: byte 7: qid \"-1\" is not"},
        {"1 1:1\n\n# c\n2 2:2\n2 2:x", ":5: byte 5: value \"x\""},
    };
    tw_context *ctx = context(1, NULL);
    tw_error err;
    tw_data *data;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(ROWS, cases[i].text, strlen(cases[i].text));
        expect_error(ctx, ROWS, NULL, TW_ERR_DATA, cases[i].message);
    }
    assert_int_equal(tw_data_open(ctx, ROWS, NULL, &data, NULL, NULL, &err), TW_ERR_DATA);
    assert_string_equal(err.file, ROWS);
    assert_int_equal(err.line, 5);
    assert_int_equal(err.column, 5);
    assert_int_equal(err.offset, 21);
    tw_context_free(ctx);
}

/* What made other programs crash, or read nonsense. */
static void files_that_hold_no_rows(void **state)
{
    (void)state;
    char noise[300];
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    for (int i = 0; i < 300; i++) noise[i] = (char)(tw__random_unit(5, TW__FOR_TEST, 1, (uint64_t)i) * 256);
    write_file(ROWS, noise, sizeof noise);
    expect_error(ctx, ROWS, NULL, TW_ERR_DATA, "supported: ");
    o.format = "libsvm";
    expect_error(ctx, ROWS, &o, TW_ERR_DATA, ROWS ":1: byte ");
    write_file(ROWS, "", 0);
    expect_error(ctx, ROWS, NULL, TW_ERR_DATA, "empty");
    expect_error(ctx, ROWS, &o, TW_ERR_DATA, ROWS);
    write_file(ROWS, "# only this\n\n", 13);
    expect_error(ctx, ROWS, &o, TW_ERR_DATA, "no rows");
    write_file(ROWS, "1 1\n", 4);
    expect_error(ctx, ROWS, &o, TW_ERR_DATA, ROWS ":1: byte 3: \"1\" is not a feature");
    write_file(ROWS, "3\n5\n7\n", 6); /* labels alone are rows of zeros */
    tw_data *data = open_path(ctx, ROWS, &o);
    expect(data, 3, 1, (const double[]){0, 0, 0});
    tw_data_free(data);
    tw_context_free(ctx);
}

static void options_that_do_not_fit(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    write_file(ROWS, "1 0:1 4:1\n", 10);
    o.index_base = "2";
    expect_error(ctx, ROWS, &o, TW_ERR_SPEC, "index_base = 2 is neither 0 nor 1");
    o.index_base = "1";
    expect_error(ctx, ROWS, &o, TW_ERR_DATA,
                 ":1: byte 3: index 0, but the first column is 1 (option index_base)");
    o.index_base = NULL;
    o.features = 4;
    expect_error(ctx, ROWS, &o, TW_ERR_DATA, "indices 0 and 4 occur: more columns than features = 4");
    o.features = 3;
    expect_error(ctx, ROWS, &o, TW_ERR_DATA,
                 ":1: byte 7: index 4 is above 3: option features allows 3 columns");
    o.features = 0;
    o.label = "y";
    expect_error(ctx, ROWS, &o, TW_ERR_SPEC, "option label is for tables");
    o.label = NULL;
    o.schema = "{\"width\":5,\"base\":1}";
    expect_error(ctx, ROWS, &o, TW_ERR_DATA, "index 0, but the first column is 1 in the training rows");
    o.index_base = "0";
    expect_error(ctx, ROWS, &o, TW_ERR_SPEC,
                 "index_base = 0, but the first column of the training rows is 1");
    o.index_base = NULL;
    o.features = 6;
    expect_error(ctx, ROWS, &o, TW_ERR_SPEC, "features = 6, but the training rows have 5 columns");
    tw_context_free(ctx);
}

static void bad_rows_may_be_left_out(void **state)
{
    (void)state;
    static const char text[] = "1 1:1\n1 9:1 2:x\nnan 1:1\n2 3:1\n2 3:2\n1 3:1\n";
    char log[LOGGED];
    tw_context *ctx = context(1, log);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    write_file(ROWS, text, sizeof text - 1);
    o.skip_bad = 1;
    expect_error(ctx, ROWS, &o, TW_ERR_DATA, ":2: byte 9: value \"x\"");
    o.skip_bad = 2;
    tw_data *data = open_path(ctx, ROWS, &o);
    expect(data, 4, 3,
           (const double[]){1, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 1}); /* nor do their columns and labels count */
    const tw_data_info r = info_of(data);
    assert_int_equal(r.classes, 2);
    assert_int_equal(r.left_out, 2);
    assert_non_null(strstr(log, ROWS ":2: byte 9: value \"x\""));
    assert_non_null(strstr(log, ROWS ":3: byte 1: label \"nan\""));
    assert_non_null(strstr(log, "2 bad rows left out"));
    tw_data_free(data);
    tw_context_free(ctx);
}

static void real_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t rows,
            numbers; /* without the zeros that ijcnn1 has: one in the training file, 12 in the other */
        int64_t width;
        int32_t classes;
        int32_t first; /* rows of the first class; 0: not known */
    } files[] = {
        {"a9a.xz", 32561, 451592, 123, 2, 24720},
        {"a9a.t.xz", 16281, 225731, 122, 2, 12435},
        {"ijcnn1.trn.bz2", 49990, 649869, 22, 2, 45137},
        {"ijcnn1.tst.bz2", 91701, 1192101, 22, 2, 82989},
        {"reuters.trn.bz2", 7770, 339837, 8315, 2, 7232},
        {"reuters.tst.bz2", 3299, 136821, 8315, 2, 3120},
        {"agaricus.txt.train.xz", 6513, 143286, 126, 2, 3373},
        {"agaricus.txt.test.xz", 1611, 35442, 126, 2, 835},
        {"phishing.xz", 11055, 331650, 68, 2, 4898},
        {"heart_scale", 270, 3378, 13, 2, 150},
        {"sector.scale.bz2", 6412, 1045412, 55197, 105, 0},
        {"sector.t.scale.bz2", 3207, 524492, 55197, 105, 0},
        {"pendigits.xz", 7494, 104535, 16, 10, 0},
        {"pendigits.t.xz", 3498, 48773, 16, 10, 0},
        {"abalone_scale.bz2", 4177, 32080, 8, 28, 0},
        {"letter.scale.xz", 15000, 0, 16, 26, 0},
    };
    char path[512];
    struct stat s;
    tw_context *ctx = context(0, NULL);
    if (stat(SHARED "README.md", &s) != 0) skip();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        int32_t first = 0;
        snprintf(path, sizeof path, SHARED "%s", files[i].name);
        tw_data *data = open_path(ctx, path, NULL);
        const tw_data_info r = info_of(data);
        for (uint64_t k = 0; k < r.rows; k++) first += r.labels[k] == 0;
        if (r.rows != files[i].rows || (files[i].numbers && r.starts[r.rows] != files[i].numbers) ||
            r.shape[0] != files[i].width || r.classes != files[i].classes ||
            (files[i].first && first != files[i].first))
            fail_msg("%s: %d x %d, %d numbers, %d classes, %d of the first", path, (int)r.rows,
                     (int)r.shape[0], (int)r.starts[r.rows], r.classes, first);
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

/* ---- failures ------------------------------------------------------------------------------------------ */

static void reading_survives_faults(void **state)
{
    (void)state;
    static const char text[] = "1 qid:1 1:2 # a\n2 qid:1 3:x\nspam qid:2 2:0.25\n",
                      more[] = "4 qid:7 1:1e-30\n";
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    write_file(ROWS, text, sizeof text - 1);
    write_file(OTHER, more, sizeof more - 1);
    o.more = o.test = OTHER;
    o.skip_bad = 1;
    for (int mode = 0; mode < 4; mode++) survives_faults(ROWS, &o, mode & 2, mode & 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_made_by_hand),
        cmocka_unit_test(other_spellings_have_the_same_bits),
        cmocka_unit_test(labels_are_classes_or_targets),
        cmocka_unit_test(groups_of_queries),
        cmocka_unit_test(wide_rows_take_no_memory),
        cmocka_unit_test(base_and_width_may_be_given),
        cmocka_unit_test(test_rows_fit_the_training_rows),
        cmocka_unit_test(wrong_lines),
        cmocka_unit_test(files_that_hold_no_rows),
        cmocka_unit_test(options_that_do_not_fit),
        cmocka_unit_test(bad_rows_may_be_left_out),
        cmocka_unit_test(real_files),
        cmocka_unit_test(reading_survives_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
