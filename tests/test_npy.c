/* npy: every type, order and version has the same bits, alone and in an archive; what is damaged, cut off or
 * no table of numbers is refused; several files that are alike are one data set; everything that can fail
 * fails in turn.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "faulty_io.h"
#include "row_files.h"
#include <string.h>
#include <cmocka.h>

#define PATH(name) TW_BINARY_DIR "/test_npy." name
#define ARRAY PATH("array")
#define OTHER PATH("other")
#define SHARED TW_SOURCE_DIR "/../shared/data/"

enum { MOST = 4096, ROWS = 4, COLUMNS = 3 };

static const double table[ROWS * COLUMNS] = {1, 2, 0, 3, 4, 1, 5, 6, 0, 7, 8, 1};
static const double features[] = {1, 2, 3, 4, 5, 6, 7, 8};

/* ---- making arrays ------------------------------------------------------------------------------------- */

/* A header of a version that begins with "\x93NUMPY", padded to `all` bytes. Returns them. */
static size_t put_header(uint8_t *to, int version, size_t all, const char *text)
{
    const size_t begin = version == 1 ? 10 : 12, length = all - begin;
    memset(to, ' ', all);
    memcpy(to, "\x93NUMPY", 6);
    to[6] = (uint8_t)version;
    to[7] = 0;
    for (size_t i = 8; i < begin; i++) to[i] = (uint8_t)(length >> (8 * (i - 8)));
    memcpy(to + begin, text, strlen(text));
    to[all - 1] = '\n';
    return all;
}

static void put_element(uint8_t *to, const char *type, double x)
{
    const char kind = type[1];
    const int size = type[2] - '0';
    uint64_t bits = kind == 'b' ? x != 0 : (uint64_t)(int64_t)x;
    const float f = (float)x;
    if (kind == 'f' && size == 8) memcpy(&bits, &x, 8);
    if (kind == 'f' && size == 4) {
        uint32_t half;
        memcpy(&half, &f, 4);
        bits = half;
    }
    for (int i = 0; i < size; i++) to[type[0] == '>' ? size - 1 - i : i] = (uint8_t)(bits >> (8 * i));
}

/* The first `columns` of the table from column `first` on. Returns how many bytes. */
static size_t put_array(uint8_t *to, const char *type, int is_fortran, size_t first, size_t columns, int rank)
{
    char header[128];
    const size_t size = (size_t)(type[2] - '0');
    if (rank == 1)
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (4,), }", type);
    else
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': (4, %d), }", type,
                 is_fortran ? "True" : "False", (int)columns);
    size_t n = put_header(to, 1, 128, header);
    for (size_t i = 0; i < ROWS * columns; i++, n += size) {
        const size_t row = is_fortran ? i % ROWS : i / columns, column = is_fortran ? i / ROWS : i % columns;
        put_element(to + n, type, table[row * COLUMNS + first + column]);
    }
    return n;
}

static void put_member(struct archive *a, const char *name, const void *bytes, size_t n)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (la_int64_t)n);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, bytes, n), n);
    archive_entry_free(e);
}

static struct archive *begin_zip(const char *path, const char *how)
{
    struct archive *a = archive_write_new();
    assert_int_equal(archive_write_set_format_zip(a), ARCHIVE_OK);
    assert_int_equal(archive_write_set_format_option(a, "zip", "compression", how), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    return a;
}

static void end_zip(struct archive *a)
{
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

/* An archive of the first column, and of the `labels` after it as targets. */
static void write_targets(const char *path, size_t labels)
{
    uint8_t x[MOST], y[MOST];
    const size_t n = put_array(x, "<f4", 0, 0, 1, 2), m = put_array(y, "<f8", 1, 1, labels, 2);
    struct archive *a = begin_zip(path, "store");
    put_member(a, "X.npy", x, n);
    put_member(a, "y.npy", y, m);
    end_zip(a);
}

/* An archive of one row with so many labels. */
static void write_wide(const char *path, size_t labels)
{
    uint8_t x[MOST], *y = calloc(128 + labels, 1);
    char header[128];
    size_t n = put_header(x, 1, 128, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1), }");
    assert_non_null(y);
    x[n++] = 1;
    snprintf(header, sizeof header, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, %zu), }", labels);
    struct archive *a = begin_zip(path, "store");
    put_member(a, "X.npy", x, n);
    put_member(a, "y.npy", y, put_header(y, 1, 128, header) + labels);
    end_zip(a);
    free(y);
}

/* An archive of the features and the labels, which come first or last, with something else between them. */
static void write_zip(const char *path, const char *how, const char *rows, const char *labels,
                      int labels_first)
{
    uint8_t x[MOST], y[MOST];
    const size_t n = put_array(x, "<f8", 0, 0, 2, 2), m = put_array(y, "<i4", 0, 2, 1, 1);
    struct archive *a = begin_zip(path, how);
    if (labels_first) put_member(a, labels, y, m);
    else put_member(a, rows, x, n);
    put_member(a, "notes.txt", "hello", 5);
    if (labels_first) put_member(a, rows, x, n);
    else put_member(a, labels, y, m);
    end_zip(a);
}

/* ---- reading them -------------------------------------------------------------------------------------- */

static double number_at(const tw_data_info *r, size_t i)
{
    return r->type == TW_F32 ? (double)((const float *)r->x)[i] : ((const double *)r->x)[i];
}

static void expect(tw_context *ctx, const char *path, const tw_data_options *o, uint64_t rows, int64_t width,
                   const double *x)
{
    tw_data *data = open_path(ctx, path, o);
    const tw_data_info r = info_of(data);
    assert_int_equal(r.rows, rows);
    assert_int_equal(r.rank, 1);
    assert_int_equal(r.shape[0], width);
    for (size_t i = 0; i < rows * (size_t)width; i++)
        if (number_at(&r, i) != x[i]) fail_msg("%s: number %d is %.17g", path, (int)i, number_at(&r, i));
    tw_data_free(data);
}

/* The features, and the labels 0 1 0 1. */
static void expect_table(tw_context *ctx, const char *path)
{
    tw_data *data = open_path(ctx, path, NULL);
    const tw_data_info r = info_of(data);
    expect(ctx, path, NULL, 4, 2, features);
    assert_int_equal(r.classes, 2);
    for (int i = 0; i < 4; i++) assert_int_equal(r.labels[i], i % 2);
    assert_string_equal(r.class_names[0], "0");
    assert_string_equal(r.class_names[1], "1");
    tw_data_free(data);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static void every_type_and_order(void **state)
{
    (void)state;
    static const char *const types[] = {"<f4", "<f8", ">f4", ">f8", "|i1", "<i2", ">i2", "<i4", ">i4", "<i8",
                                        ">i8", "|u1", "<u2", ">u2", "<u4", ">u4", "<u8", ">u8", "=f8"};
    uint8_t bytes[MOST];
    tw_context *ctx = context(1, NULL);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        for (int is_fortran = 0; is_fortran < 2; is_fortran++) {
            write_file(ARRAY, bytes, put_array(bytes, types[i], is_fortran, 0, COLUMNS, 2));
            expect_table(ctx, ARRAY);
        }
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.unlabelled = 1;
    write_file(ARRAY, bytes, put_array(bytes, "|b1", 0, 1, 2, 2));
    expect(ctx, ARRAY, &o, 4, 2, (const double[]){1, 0, 1, 1, 1, 0, 1, 1});
    write_file(ARRAY, bytes, put_array(bytes, "<f8", 0, 1, 1, 1)); /* case N2: (n,) is one column */
    expect(ctx, ARRAY, &o, 4, 1, (const double[]){2, 4, 6, 8});
    tw_context_free(ctx);
}

/* Versions 2 and 3 have room for longer headers; keys may come in any order. */
static void versions_and_headers(void **state)
{
    (void)state;
    uint8_t bytes[MOST], array[MOST];
    tw_context *ctx = context(1, NULL);
    put_array(array, "<f8", 0, 0, COLUMNS, 2);
    for (int version = 1; version <= 3; version++) {
        const size_t n =
            put_header(bytes, version, 1000, "{\"shape\":(4,3,),'fortran_order' : False, \"descr\":'<f8'}");
        memcpy(bytes + n, array + 128, sizeof table);
        write_file(ARRAY, bytes, n + sizeof table);
        expect_table(ctx, ARRAY);
    }
    tw_context_free(ctx);
}

static void options_choose_columns(void **state)
{
    (void)state;
    uint8_t bytes[MOST];
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    write_file(ARRAY, bytes, put_array(bytes, "<i8", 1, 0, COLUMNS, 2));
    o.label = "1";
    o.without = "-1";
    expect(ctx, ARRAY, &o, 4, 1, (const double[]){2, 4, 6, 8});
    o.label = "y";
    expect_error(ctx, ARRAY, &o, TW_ERR_SPEC, "has no header with names of columns; give a number, 1 to 3");
    o = (tw_data_options)TW_DATA_OPTIONS_INIT;
    o.row_weight = "1";
    o.group_by = "2";
    expect_error(ctx, ARRAY, &o, TW_ERR_DATA, "no column is left to learn from");
    o.group_by = NULL;
    tw_data *data = open_path(ctx, ARRAY, &o);
    assert_true(info_of(data).weights[3] == 7);
    const char *const schema = info_of(data).schema;
    o = (tw_data_options)TW_DATA_OPTIONS_INIT; /* rows to predict, as the schema has them */
    o.schema = schema;
    o.unlabelled = 1;
    expect(ctx, ARRAY, &o, 4, 1, (const double[]){2, 4, 6, 8});
    write_file(OTHER, "9,2\n9,4\n", 8);
    expect(ctx, OTHER, &o, 2, 1, (const double[]){2, 4});
    tw_data_free(data);
    tw_context_free(ctx);
}

static void archives(void **state)
{
    (void)state;
    uint8_t bytes[MOST], twice[2 * MOST];
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    for (int i = 0; i < 8; i++) {
        write_zip(ARRAY, i & 1 ? "deflate" : "store", i & 2 ? "X.npy" : "data", i & 2 ? "y.npy" : "label",
                  i & 4);
        expect_table(ctx, ARRAY);
    }
    o.unlabelled = 1;
    expect(ctx, ARRAY, &o, 4, 2, features);
    o = (tw_data_options)TW_DATA_OPTIONS_INIT;
    o.label = "-1";
    expect_error(ctx, ARRAY, &o, TW_ERR_SPEC, "label = -1: the labels of " ARRAY " are its array of labels");
    tw_data *data = (write_targets(OTHER, 2), open_path(ctx, OTHER, NULL)); /* several are targets */
    assert_int_equal(info_of(data).n_targets, 2);
    for (int i = 0; i < 8; i++)
        assert_true(info_of(data).targets[i] == table[i / 2 * COLUMNS + 1 + (size_t)i % 2]);
    o = (tw_data_options){.size = sizeof o, .schema = info_of(data).schema};
    write_targets(OTHER, 1);
    expect_error(ctx, OTHER, &o, TW_ERR_DATA, "1 column and 1 of labels, but the training rows have 1 and 2");
    tw_data_free(data);
    write_wide(OTHER, 65536);
    expect_error(ctx, OTHER, NULL, TW_ERR_DATA, "y.npy: 65536 columns of labels, of at most 65535");
    write_zip(OTHER, "store", "a.npy", "y.npy", 0);
    expect_error(ctx, OTHER, NULL, TW_ERR_DATA, "holds no array of rows, called X, x or data");
    write_zip(OTHER, "store", "x.npy", "X", 0);
    expect_error(ctx, OTHER, NULL, TW_ERR_DATA, "holds two arrays of rows: x.npy and X");
    for (int how = 0; how < 2; how++) { /* cut off anywhere, and damaged */
        write_zip(ARRAY, how ? "deflate" : "store", "X.npy", "y.npy", 0);
        const size_t n = read_file(ARRAY, bytes, sizeof bytes);
        assert_true(n > 200 && n < sizeof bytes);
        for (size_t cut = 4; cut < n; cut += 7) {
            write_file(OTHER, bytes, cut);
            expect_error(ctx, OTHER, NULL, TW_ERR_DATA, "");
        }
        memcpy(twice, bytes, n); /* of two archives NumPy reads the second */
        memcpy(twice + n, bytes, n);
        write_file(OTHER, twice, 2 * n);
        expect_error(ctx, OTHER, NULL, TW_ERR_DATA, "does not end with the directory of its 3 members");
        bytes[how ? 60 : 210] ^= 1;
        write_file(OTHER, bytes, n);
        expect_error(ctx, OTHER, NULL, TW_ERR_DATA, "");
    }
    tw_context_free(ctx);
}

/* Cases N2: nothing is executed, and the header's lengths are not believed. */
static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *message;
    } cases[] = {
        {"{'descr': '|O', 'fortran_order': False, 'shape': (4,), }", "type |O: an array of objects"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,), }", "a structured type"},
        {"{'descr': '<c16', 'fortran_order': False, 'shape': (4,), }", "type <c16 is not supported; f4, f8"},
        {"{'descr': '<U3', 'fortran_order': False, 'shape': (4,), }", "type <U3 is not supported"},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (4,), }", "type <f2 is not supported"},
        {"{'descr': '', 'fortran_order': False, 'shape': (4,), }", "is not supported"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (), }", "a single number, of shape ()"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, 3), }",
         "more than two dimensions: (2, 2, 3); reshape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }", "the array is empty"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4, -3), }", "the shape of the array is damaged"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4 3), }", "the shape of the array is damaged"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
         "more than 2^48 elements"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (281474976710656, 1), }",
         "ends here; the header declares"},
        {"{'descr': '<f8', 'fortran_order': exit(1), 'shape': (4, 3), }",
         "fortran_order is neither True nor False"},
        {"{'descr': '<f8', 'shape': (4, 3), }", "the header lacks descr, fortran_order or shape"},
        {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (4, 3), }",
         "the header is damaged"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4, 3), } + x", "something follows the header"},
        {"[1, 2]", "the header is no dictionary"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4, 4), }",
         "byte 224: ends here; the header declares 128 bytes"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4, 2), }",
         "byte 192: something follows the data"},
    };
    uint8_t bytes[MOST], array[MOST];
    tw_context *ctx = context(1, NULL);
    put_array(array, "<f8", 0, 0, COLUMNS, 2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t n = put_header(bytes, 1, 128, cases[i].header);
        memcpy(bytes + n, array + 128, sizeof table);
        write_file(ARRAY, bytes, n + sizeof table);
        expect_error(ctx, ARRAY, NULL, TW_ERR_DATA, cases[i].message);
    }
    for (size_t n = 6; n < 128 + sizeof table; n++) {
        write_file(ARRAY, array, n);
        expect_error(ctx, ARRAY, NULL, TW_ERR_DATA, n < 128 ? "ends inside the npy header" : "ends here");
    }
    write_file(ARRAY, "\x93NUMPY\2\0\xff\xff\xff\x7f", 12);
    expect_error(ctx, ARRAY, NULL, TW_ERR_DATA,
                 "byte 8: declares a header of 2147483647 bytes; at most 65536 are read");
    write_file(ARRAY, "\x93NUMPY\4\0\0\0\0\0", 12);
    expect_error(ctx, ARRAY, NULL, TW_ERR_DATA, "byte 6: npy version 4");
    tw_context_free(ctx);
}

/* A value of the table is written over. */
static void write_with(const char *type, size_t at, const void *value, size_t n)
{
    uint8_t bytes[MOST];
    const size_t all = put_array(bytes, type, 0, 0, COLUMNS, 2);
    memcpy(bytes + 128 + at * n, value, n);
    write_file(ARRAY, bytes, all);
}

static void values_that_are_none(void **state)
{
    (void)state;
    char log[LOGGED];
    const double nan = __builtin_nan(""), infinite = __builtin_inf();
    const int64_t large = ((int64_t)1 << 60) + 1;
    tw_context *ctx = context(1, log);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    write_with("<f8", 3, &nan, sizeof nan);
    expect_error(ctx, ARRAY, NULL, TW_ERR_DATA,
                 "byte 152: row 2, column 1: the value is missing (nan); option missing");
    o.missing = "zero";
    expect(ctx, ARRAY, &o, 4, 2, (const double[]){1, 2, 0, 4, 5, 6, 7, 8});
    o.missing = "mean";
    expect(ctx, ARRAY, &o, 4, 2, (const double[]){1, 2, 13.0 / 3, 4, 5, 6, 7, 8});
    o.missing = "skip";
    expect(ctx, ARRAY, &o, 3, 2, (const double[]){1, 2, 5, 6, 7, 8});
    assert_non_null(strstr(log, "1 row with a missing value left out"));
    write_with("<f8", 4, &infinite, sizeof infinite);
    expect_error(ctx, ARRAY, &o, TW_ERR_DATA, "byte 160: row 2, column 2: an infinite number");
    o.skip_bad = 1;
    expect(ctx, ARRAY, &o, 3, 2, (const double[]){1, 2, 5, 6, 7, 8});
    assert_non_null(strstr(log, "left out: " ARRAY ": byte 160: row 2"));
    write_with("<f8", 5, &nan, sizeof nan);
    expect_error(ctx, ARRAY, NULL, TW_ERR_DATA,
                 "row 2, column 3: the value is missing (nan); option missing = skip");
    write_with("<i8", 0, &large, sizeof large);
    expect_error(ctx, ARRAY, NULL, TW_ERR_DATA, "row 1, column 1: a whole number beyond 2^53");
    write_with("<i8", 2, &large, sizeof large); /* as a label it keeps all its digits */
    o.targets = TW_TARGETS_CLASSES;
    tw_data *data = open_path(ctx, ARRAY, &o);
    assert_string_equal(info_of(data).class_names[2], "1152921504606846977");
    tw_data_free(data);
    tw_context_free(ctx);
}

/* ---- several files ------------------------------------------------------------------------------------- */

static void several_files_are_one_data_set(void **state)
{
    (void)state;
    static const char text[] = "1,2,0\n3,4,1\n5,6,0\n7,8,1\n";
    uint8_t bytes[MOST];
    double twice[2 * ROWS * 2];
    char one[FINGERPRINT], two[FINGERPRINT];
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++) twice[i] = features[i % (ROWS * 2)];
    write_file(ARRAY, text, sizeof text - 1);
    o.more = ARRAY;
    fingerprint_of(ctx, ARRAY, &o, one);
    write_file(ARRAY, bytes, put_array(bytes, "<f8", 0, 0, COLUMNS, 2));
    write_file(OTHER, bytes, put_array(bytes, ">f8", 1, 0, COLUMNS, 2)); /* orders may differ */
    o.more = OTHER;
    expect(ctx, ARRAY, &o, 8, 2, twice);
    fingerprint_of(ctx, ARRAY, &o, two);
    assert_string_equal(one, two);
    write_zip(ARRAY, "store", "X.npy", "y.npy", 0);
    write_zip(OTHER, "deflate", "data", "label", 1);
    fingerprint_of(ctx, ARRAY, &o, two);
    assert_string_equal(one, two);
    o.unlabelled = 1;
    expect(ctx, ARRAY, &o, 8, 2, twice);
    write_file(OTHER, bytes, put_array(bytes, "<f8", 0, 0, 2, 2)); /* without labels */
    expect(ctx, ARRAY, &o, 8, 2, twice);
    tw_context_free(ctx);
}

static void files_that_differ(void **state)
{
    (void)state;
    const double infinite = __builtin_inf();
    uint8_t bytes[MOST];
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    write_file(ARRAY, bytes, put_array(bytes, "<f8", 0, 0, COLUMNS, 2));
    o.more = OTHER;
    write_file(OTHER, bytes, put_array(bytes, "<f8", 0, 0, 1, 1));
    expect_error(ctx, ARRAY, &o, TW_ERR_DATA,
                 OTHER ": 1 column of type f8, but " ARRAY " has 3 columns of type f8; the files of one data "
                       "set must have the same columns and types");
    write_file(OTHER, bytes, put_array(bytes, "<f4", 0, 0, COLUMNS, 2));
    expect_error(ctx, ARRAY, &o, TW_ERR_DATA, OTHER ": 3 columns of type f4, but " ARRAY " has");
    write_zip(OTHER, "store", "X.npy", "y.npy", 0);
    expect_error(ctx, ARRAY, &o, TW_ERR_DATA,
                 OTHER ": 2 columns of type f8 and labels of type i4, but " ARRAY " has");
    write_file(OTHER, "1,2,0\n", 6);
    expect_error(ctx, ARRAY, &o, TW_ERR_DATA, OTHER ": byte 0: not an npy array");
    write_file(OTHER, bytes, put_array(bytes, "<f8", 0, 0, COLUMNS, 2));
    write_with("<f8", 4, &infinite, sizeof infinite);
    o.more = ARRAY;
    expect_error(ctx, OTHER, &o, TW_ERR_DATA, ARRAY ": byte 160: row 2, column 2: an infinite number");
    o.skip_bad = 1; /* of all files */
    expect_error(ctx, ARRAY, &o, TW_ERR_DATA, ARRAY ": more than 1 bad rows");
    o.skip_bad = 2;
    expect(ctx, ARRAY, &o, 6, 2, (const double[]){1, 2, 5, 6, 7, 8, 1, 2, 5, 6, 7, 8});
    tw_context_free(ctx);
}

/* Rows of whole numbers and their classes, as bytes. */
static void write_rows(const char *path, const tw_data_info *r, uint64_t first, uint64_t end)
{
    char header[118];
    const size_t width = (size_t)r->shape[0], all = 128 + (size_t)(end - first) * (width + 1);
    uint8_t *const bytes = malloc(all), *to = bytes + 128;
    assert_non_null(bytes);
    snprintf(header, sizeof header, "{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %d), }",
             (int)(end - first), (int)width + 1);
    put_header(bytes, 1, 128, header);
    for (uint64_t row = first; row < end; row++) {
        for (size_t i = 0; i < width; i++) *to++ = (uint8_t)number_at(r, (size_t)row * width + i);
        *to++ = (uint8_t)r->labels[row];
    }
    write_file(path, bytes, all);
    free(bytes);
}

static void real_rows_in_two_files(void **state)
{
    (void)state;
    struct stat s;
    char fingerprint[FINGERPRINT];
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    if (stat(SHARED "README.md", &s) != 0) skip();
    tw_context *ctx = context(1, NULL);
    tw_data *data = open_path(ctx, SHARED "optdigits.tes.xz", NULL);
    const tw_data_info r = info_of(data);
    write_rows(ARRAY, &r, 0, 1000);
    write_rows(OTHER, &r, 1000, r.rows);
    o.more = OTHER;
    fingerprint_of(ctx, ARRAY, &o, fingerprint);
    assert_string_equal(fingerprint, r.fingerprint);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* ---- failures ------------------------------------------------------------------------------------------ */

static void reading_survives_faults(void **state)
{
    (void)state;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    uint8_t bytes[MOST];
    write_file(ARRAY, bytes, put_array(bytes, "<f8", 1, 0, COLUMNS, 2));
    write_zip(OTHER, "deflate", "X.npy", "y.npy", 0);
    o.missing = "mean";
    for (int mode = 0; mode < 8; mode++) {
        o.more = mode & 4 ? ARRAY : OTHER;
        survives_faults(o.more, &o, mode & 2, mode & 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_and_order),
        cmocka_unit_test(versions_and_headers),
        cmocka_unit_test(options_choose_columns),
        cmocka_unit_test(archives),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(values_that_are_none),
        cmocka_unit_test(several_files_are_one_data_set),
        cmocka_unit_test(files_that_differ),
        cmocka_unit_test(real_rows_in_two_files),
        cmocka_unit_test(reading_survives_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
