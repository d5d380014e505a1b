/* data: IDX files good and bad, opening by name, cutting, fingerprints, and everything that can fail failing
 * in turn.
 * SPDX-License-Identifier: MIT */
#include "dense_data.h"
#include "base/context.h"
#include "data/idx.h"
#include "data/kind.h"
#include "fault_walk.h"
#include "files.h"
#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <thalweg/data.h>
#include <cmocka.h>

#define PATH(name) TW_BINARY_DIR "/test_data." name
#define BAD PATH("bad")

static tw_context *context(faults *f)
{
    tw_context *ctx;
    assert_int_equal(faulty_context(&ctx, f, 1, NULL), TW_OK);
    return ctx;
}

static void finish(tw_context *ctx, faults *f)
{
    tw_context_free(ctx);
    assert_int_equal(f->live, 0);
}

static tw_status idx_write(tw_context *ctx, const char *path, int rank, const int64_t *shape,
                           const uint8_t *bytes, tw_error *err)
{
    tw__writer w = {.file = NULL};
    tw_status s = tw__idx_put(&w, ctx, path, rank, shape, bytes, err);
    if (s == TW_OK) return tw__writer_finish(&w, err);
    tw__writer_abandon(&w);
    return s;
}

static void idx_round_trip(void **state)
{
    (void)state;
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    static const int64_t shape[] = {2, 3, 2, 1};
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255};
    for (int rank = 1; rank <= 4; rank++) {
        tw__idx idx;
        assert_int_equal(idx_write(ctx, PATH("idx"), rank, shape, bytes, &err), TW_OK);
        assert_int_equal(tw__idx_read(&idx, ctx, PATH("idx"), 0, 0, &err), TW_OK);
        assert_int_equal(idx.rank, rank);
        assert_memory_equal(idx.shape, shape, (size_t)rank * sizeof *shape);
        assert_memory_equal(idx.bytes, bytes, idx.n);
        tw__idx_free(&idx, ctx);
        assert_int_equal(tw__idx_read(&idx, ctx, PATH("idx"), rank, idx.n, &err), TW_OK);
        tw__idx_free(&idx, ctx);
    }
    finish(ctx, &f);
}

/* What libarchive does not know by its header it would hand out as it is: that is damage, not a second
 * packing. */
static void packed_headers_cut_off(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *message;
    } cases[] = {
        {"\x1f\x8b", 2, "the gzip data is damaged or cut off"},
        {"\x1f\x8b\x08\0\0", 5, "the gzip data is damaged or cut off"},
        {"\x1f\x8b\x08\xff\0\0\0\0\0\3\0\0\0\0\0\0", 16, "the gzip data is damaged or cut off"},
        {"BZh", 3, "the bzip2 data is damaged or cut off"},
        {"\xfd"
         "7zXZ",
         6, "the xz data is damaged or cut off"},
        {"\x28\xb5\x2f\xfd", 4, "the zstd data is damaged or cut off"},
        {"\x04\x22\x4d\x18", 4, "the lz4 data is damaged or cut off"},
    };
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tw__idx idx;
        write_file(BAD, cases[i].bytes, cases[i].n);
        assert_int_equal(tw__idx_read(&idx, ctx, BAD, 0, 0, &err), TW_ERR_DATA);
        if (!strstr(err.message, cases[i].message))
            fail_msg("case %zu: \"%s\" instead of \"%s\"", i, err.message, cases[i].message);
    }
    finish(ctx, &f);
}

static void bad_idx_files(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        int rank;
        const char *message;
    } cases[] = {
        {"", 0, 0, "byte 0: empty; an IDX file begins with 00 00 08 and its number of dimensions"},
        {"\0\0\10", 3, 0, "byte 3: ends inside the IDX header"},
        {"PK\3\4\0\0\0\0", 8, 0, "byte 0: a zip archive (npz files are such), not an IDX file"},
        {"\0\0\0\3\0\0\0\1", 8, 0, "byte 0: begins with 00 00 00 03"},
        {"\0\0\15\1\0\0\0\1", 8, 0, "byte 2: element type 0d; only 08, unsigned bytes, is supported"},
        {"\0\0\10\0", 4, 0, "byte 3: 0 dimensions; 1 to 4 are supported"},
        {"\0\0\10\5", 4, 0, "byte 3: 5 dimensions; 1 to 4 are supported"},
        {"\0\0\10\1\0\0\0\1\7", 9, 3, "byte 3: 1 dimension where 3 are expected (are these labels?)"},
        {"\0\0\10\3\0\0\0\1\0\0\0\1\0\0\0\1\7", 17, 1,
         "byte 3: 3 dimensions where 1 is expected (labels have one)"},
        {"\0\0\10\1\0\0", 6, 0, "byte 6: ends inside the IDX header"},
        {"\0\0\10\1\0\0\0\0", 8, 0, "byte 4: holds no rows"},
        {"\0\0\10\2\0\0\0\1\0\0\0\0", 12, 0, "byte 8: dimension 1 has length 0"},
        {"\0\0\10\1\0\0\0\3\1\2", 10, 0, "byte 10: ends here; the header declares 3 bytes of data, not 2"},
        {"\0\0\10\1\0\0\0\3\1\2\3\4", 12, 0, "byte 11: something follows the data, which end here"},
        {"\0\0\10\1\200\0\0\0\1", 9, 0,
         "byte 9: ends here; the header declares 2147483648 bytes of data, not 1"},
        {"\0\0\10\1\377\377\377\377\1", 9, 0,
         "byte 9: ends here; the header declares 4294967295 bytes of data, not 1"},
        {"\0\0\10\2\0\1\0\0\0\1\0\0\1", 13, 0,
         "byte 13: ends here; the header declares 4294967296 bytes of data, not 1"},
        {"\0\0\10\2\377\377\377\377\0\0\1\0\1", 13, 0,
         "byte 4: declares 1099511627520 bytes of data; at most 68719476736 are read"},
        {"\0\0\10\3\200\0\0\0\200\0\0\0\0\0\0\2\1", 17, 0, "byte 8: declares more than 2^48 bytes of data"},
        {"\0\0\10\4\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377", 20, 0,
         "byte 8: declares more than 2^48 bytes of data"},
    };
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tw__idx idx;
        write_file(BAD, cases[i].bytes, cases[i].n);
        f.peak = f.live;
        assert_int_equal(tw__idx_read(&idx, ctx, BAD, cases[i].rank, 0, &err), TW_ERR_DATA);
        if (!strstr(err.message, cases[i].message))
            fail_msg("case %zu: \"%s\" instead of \"%s\"", i, err.message, cases[i].message);
        assert_string_equal(err.file, BAD);
        assert_null(idx.bytes);
        assert_true(f.peak - f.live < 64 << 20);
    }
    tw__idx idx;
    assert_int_equal(tw__idx_read(&idx, ctx, PATH("nowhere"), 0, 0, &err), TW_ERR_NOT_FOUND);
    assert_int_equal(tw__idx_read(&idx, ctx, TW_BINARY_DIR, 0, 0, &err), TW_ERR_SYSTEM);
    finish(ctx, &f);
}

/* A packed IDX file whose header declares `rows` of 1,000 bytes, with `bytes` zeros behind it. */
static void pack_idx(const char *path, uint32_t rows, size_t bytes)
{
    static const uint8_t zeros[100000];
    const uint8_t header[] =
        {0, 0, 8, 2,  (uint8_t)(rows >> 24), (uint8_t)(rows >> 16), (uint8_t)(rows >> 8), (uint8_t)rows,
         0, 0, 3, 232};
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    archive_write_add_filter_gzip(a);
    archive_write_set_format_raw(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_write_header(a, e);
    archive_write_data(a, header, sizeof header);
    for (; bytes > 0; bytes -= bytes < sizeof zeros ? bytes : sizeof zeros)
        archive_write_data(a, zeros, bytes < sizeof zeros ? bytes : sizeof zeros);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    archive_entry_free(e);
}

static void bombs_behind_a_header(void **state)
{
    (void)state;
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    tw__idx idx;
    f.peak = 0;
    pack_idx(BAD, 3, 100 << 20); /* more than the header says: refused at once */
    assert_int_equal(tw__idx_read(&idx, ctx, BAD, 0, 0, &err), TW_ERR_DATA);
    assert_non_null(strstr(err.message, "something follows the data"));
    assert_true(f.peak < 1 << 20);
    pack_idx(BAD, 100 << 10, 100 << 20); /* what the header says, and a ratio above 1000 */
    assert_int_equal(tw__idx_read(&idx, ctx, BAD, 0, 0, &err), TW_ERR_DATA);
    assert_non_null(strstr(err.message, "more than 1000 times its size"));
    assert_true(f.peak < 66 << 20);
    pack_idx(BAD, 4000000, 1000); /* 4 GB announced, nothing there */
    assert_int_equal(tw__idx_read(&idx, ctx, BAD, 0, 0, &err), TW_ERR_DATA);
    assert_non_null(strstr(err.message, "the header declares 4000000000 bytes of data, not 1000"));
    finish(ctx, &f);
}

static uint8_t pixels[200 * 4], classes[200];

/* A folder with `train` and `test` rows of 2x2 pixels in classes 0..4, under MNIST's names. */
static const char *make_directory(tw_context *ctx, const char *name, int64_t train, int64_t test,
                                  char separator)
{
    static char directory[300];
    char path[400];
    snprintf(directory, sizeof directory, "%s", name);
    mkdir(directory, 0777);
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof classes; i++) classes[i] = (uint8_t)(i * 3 % 5);
    for (int part = 0; part < 2; part++) {
        const int64_t shape[] = {part ? test : train, 2, 2};
        snprintf(path, sizeof path, "%s/%s-images%cidx3-ubyte", directory, part ? "t10k" : "train",
                 separator);
        assert_int_equal(idx_write(ctx, path, 3, shape, pixels, NULL), TW_OK);
        snprintf(path, sizeof path, "%s/%s-labels%cidx1-ubyte", directory, part ? "t10k" : "train",
                 separator);
        assert_int_equal(idx_write(ctx, path, 1, shape, classes, NULL), TW_OK);
    }
    return directory;
}

static tw_data_info info_of(const tw_data *data)
{
    tw_data_info info = {.size = sizeof info};
    assert_int_equal(tw_data_info_get(data, &info, NULL), TW_OK);
    return info;
}

static void directories_are_opened_and_cut(void **state)
{
    (void)state;
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    tw_data *train, *val, *test;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    char first[64], whole[64];
    for (int k = 0; k < 2; k++) {
        const char *directory =
            make_directory(ctx, k ? PATH("dotted") : PATH("dashed"), 150, 30, k ? '.' : '-');
        o.val = 0.1;
        o.limit = 20;
        assert_int_equal(tw_data_open(ctx, directory, &o, &train, &val, &test, &err), TW_OK);
        tw_data_info a = info_of(train), b = info_of(val), c = info_of(test);
        assert_true(a.rows == 20 && b.rows == 15 && c.rows == 30);
        assert_true(a.rank == 2 && a.shape[0] == 2 && a.shape[1] == 2 && a.type == TW_U8);
        assert_true(a.classes == 5 && b.classes == 5 && c.classes == 5);
        assert_memory_equal(a.x, pixels, 20 * 4);
        assert_memory_equal(b.x, pixels + 135 * 4, 15 * 4);
        for (int i = 0; i < 15; i++) assert_int_equal(b.labels[i], classes[135 + i]);
        if (k == 0) snprintf(first, sizeof first, "%s", a.fingerprint);
        assert_string_equal(a.fingerprint, first);
        assert_int_equal(strlen(a.fingerprint), 32);
        tw_data_free(train);
        assert_memory_equal(b.x, pixels + 135 * 4, 15 * 4); /* shared memory outlives the other views */
        tw_data_free(val);
        tw_data_free(test);
    }
    o.val = 0;
    o.limit = 0;
    assert_int_equal(tw_data_open(ctx, PATH("dashed"), &o, &train, &val, NULL, &err), TW_OK);
    assert_null(val);
    snprintf(whole, sizeof whole, "%s", info_of(train).fingerprint);
    assert_string_not_equal(whole, first);
    tw_data_free(train);
    classes[149] ^= 1; /* one label */
    const int64_t shape[] = {150};
    assert_int_equal(idx_write(ctx, PATH("dashed/train-labels-idx1-ubyte"), 1, shape, classes, NULL), TW_OK);
    assert_int_equal(tw_data_open(ctx, PATH("dashed"), NULL, &train, NULL, NULL, &err), TW_OK);
    assert_string_not_equal(info_of(train).fingerprint, whole);
    tw_data_free(train);
    finish(ctx, &f);
}

static void validation_shares(void **state)
{
    (void)state;
    static const struct {
        uint64_t rows;
        double val;
        uint64_t back;
    } cases[] = {{60000, 0.1, 6000}, {100, 0.29, 29}, {10, 0.3, 3}, {7, 0.5, 4}, {150, 0.2, 30}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        faults f;
        tw_context *ctx = context(&f);
        tw_data *train, *val;
        tw_data_options o = TW_DATA_OPTIONS_INIT;
        o.val = cases[i].val;
        const int64_t shape[] = {(int64_t)cases[i].rows, 1, 1};
        uint8_t *zeros = calloc(cases[i].rows, 1);
        mkdir(PATH("cut"), 0777);
        assert_int_equal(idx_write(ctx, PATH("cut/train-images-idx3-ubyte"), 3, shape, zeros, NULL), TW_OK);
        assert_int_equal(idx_write(ctx, PATH("cut/train-labels-idx1-ubyte"), 1, shape, zeros, NULL), TW_OK);
        free(zeros);
        assert_int_equal(tw_data_open(ctx, PATH("cut"), &o, &train, &val, NULL, NULL), TW_OK);
        assert_int_equal(info_of(val).rows, cases[i].back);
        assert_int_equal(info_of(train).rows, cases[i].rows - cases[i].back);
        tw_data_free(train);
        tw_data_free(val);
        finish(ctx, &f);
    }
}

static void expect(tw_context *ctx, const char *path, const tw_data_options *o, tw_status status,
                   const char *message)
{
    tw_data *train, *val, *test;
    tw_error err;
    assert_int_equal(tw_data_open(ctx, path, o, &train, &val, &test, &err), status);
    assert_true(!train && !val && !test);
    if (!strstr(err.message, message)) fail_msg("\"%s\" instead of \"%s\"", err.message, message);
}

/* Squares of such numbers are beyond a double. */
static void deviations_of_any_size(void **state)
{
    (void)state;
    static const double sizes[] = {1, 0x1p-1000, 0x1p-1060, 0x1p-460, 0x1p440, 0x1p460, 0x1p1000, 0x1p1020};
    static const uint64_t starts[] = {0, 1, 2, 2, 2};
    static const uint32_t column[] = {0, 0};
    tw_context *ctx;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int is_sparse = 0; is_sparse < 2; is_sparse++) {
            const double u = sizes[i], x[] = {3 * u, -3 * u, 0, 0};
            const tw_data_info rows = {.size = sizeof rows,
                                       .rows = 4,
                                       .rank = 1,
                                       .shape = {1},
                                       .type = TW_F64,
                                       .x = x,
                                       .starts = is_sparse ? starts : NULL,
                                       .columns = is_sparse ? column : NULL};
            tw_data *data;
            tw_data_column c;
            assert_int_equal(tw_data_create(&data, ctx, &rows, NULL), TW_OK);
            assert_int_equal(tw_data_columns(data, &c, NULL), TW_OK);
            const double right = sqrt(4.5) * u;
            assert_true(c.mean == 0 && fabs(c.deviation - right) <= 1e-15 * right + 0x1p-1074);
            tw_data_free(data);
        }
    tw_context_free(ctx);
}

/* Of numbers whose sum is beyond a double. */
static void means_of_any_size(void **state)
{
    (void)state;
    static const double x[] = {1.5e308, 1, -1.5e308, 1.5e308, 2, -1.5e308,
                               1.5e308, 3, -1.5e308, 0.5e308, 6, -1.7e308};
    static const double right[] = {1.25e308, 3, -1.55e308};
    const tw_data_info rows =
        {.size = sizeof rows, .rows = 4, .rank = 1, .shape = {3}, .type = TW_F64, .x = x};
    tw_context *ctx;
    tw_data *data;
    tw_data_column c[3];
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(tw_data_create(&data, ctx, &rows, NULL), TW_OK);
    assert_int_equal(tw_data_columns(data, c, NULL), TW_OK);
    for (int i = 0; i < 3; i++) {
        assert_true(fabs(c[i].mean - right[i]) <= 1e-15 * fabs(right[i]));
        assert_true(isfinite(c[i].deviation));
    }
    tw_data_free(data);
    tw_context_free(ctx);
}

/* A file is known by its content, whatever its name. */
static void kinds_of_files(void **state)
{
    (void)state;
#define OF(bytes) bytes, sizeof bytes - 1
    static const struct {
        const char *bytes;
        size_t n;
        const char *kind;
    } cases[] = {
        {OF("1,2,0\n3,4,1\n"), "a CSV file with 3 columns"},
        {OF("\xef\xbb\xbf\"a\",\"b,c\",y\r\n1,2,0\r\n"), "a CSV file with 3 columns"},
        {OF("# made by hand\n\na;b\n1;2\n"), "a CSV file with 2 columns"},
        {OF("x\ty\n1\t2\n"), "a TSV file with 2 columns"},
        {OF("5.1 3.5 1.4\n"), "a text file with 3 columns"},
        {OF("+1 1:2 3:1\n-1 2:4\n"), "a LIBSVM file"},
        {OF("1 qid:3 1:2 # a comment\n"), "a LIBSVM file"},
        {OF("0 1:0.5 2:0.25 3:"), "a LIBSVM file"},
        {OF("\x93NUMPY\1\0"), "an npy file"},
        {OF("\x89PNG\r\n\x1a\n"), "a PNG image"},
        {OF("\xff\xd8\xff\xe0"), "a JPEG image"},
        {OF("PK\3\4"), "a zip archive (npz files are such)"},
        {OF("{\"a\": 1}"), "a JSON file"},
        {OF("hello, world\n"), "a text file"},
        {OF("1\n2\n"), "a CSV file with 1 column"},
        {OF("\0\1\2\3,4"), ""},
        {"", 0, ""},
    };
#undef OF
    char kind[TW__KIND_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(tw__file_kind((const uint8_t *)cases[i].bytes, cases[i].n, kind), cases[i].kind);
}

static void what_cannot_be_opened(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    const char *directory = make_directory(ctx, PATH("wrong"), 50, 9, '-');
    const int64_t nine[] = {9, 3, 2}, eight[] = {8};
    expect(ctx, PATH("nowhere"), NULL, TW_ERR_NOT_FOUND, "test_data.nowhere does not exist; supported:");
    expect(ctx, TW_BINARY_DIR, NULL, TW_ERR_NOT_FOUND,
           "holds no data set that is known; supported: a folder with MNIST's IDX files");
    expect(ctx, "mnist", NULL, TW_ERR_NOT_FOUND, "\"mnist\" needs a folder of data sets");
    expect(ctx, "digits", NULL, TW_ERR_SPEC, "\"digits\" needs a cache folder");
    o.home = TW_BINARY_DIR;
    expect(ctx, "mnist", &o, TW_ERR_NOT_FOUND, "MNIST is not in");
    o.val = 1;
    expect(ctx, directory, &o, TW_ERR_SPEC, "val = 1 is outside [0, 1)");
    o.val = 0.001;
    expect(ctx, directory, &o, TW_ERR_SPEC, "val = 0.001 of 50 rows leaves 50 to train on and 0 to validate");
    write_file(BAD, "hello, world\n", 13);
    expect(ctx, BAD, NULL, TW_ERR_DATA, "byte 0: a text file; supported: a folder");
    expect(ctx, PATH("wrong/t10k-labels-idx1-ubyte"), NULL, TW_ERR_DATA,
           "byte 3: one dimension, as labels have");
    assert_int_equal(idx_write(ctx, PATH("wrong/t10k-labels-idx1-ubyte"), 1, eight, classes, NULL), TW_OK);
    expect(ctx, directory, NULL, TW_ERR_DATA, "wrong/t10k-labels-idx1-ubyte: byte 4: 8 labels for 9 images");
    classes[6] = 5;
    assert_int_equal(idx_write(ctx, PATH("wrong/t10k-labels-idx1-ubyte"), 1, nine, classes, NULL), TW_OK);
    expect(
        ctx, directory, NULL, TW_ERR_DATA,
        "wrong/t10k-labels-idx1-ubyte: byte 14: label 5 of row 7 is not among the training labels, 0 to 4 (5 classes)");
    assert_int_equal(idx_write(ctx, PATH("wrong/t10k-images-idx3-ubyte"), 3, nine, pixels, NULL), TW_OK);
    expect(ctx, directory, NULL, TW_ERR_DATA,
           "wrong/t10k-images-idx3-ubyte: byte 8: rows of 3x2, where the training rows are 2x2");
    assert_int_equal(remove(PATH("wrong/train-labels-idx1-ubyte")), 0);
    expect(ctx, directory, NULL, TW_ERR_NOT_FOUND,
           "wrong has no train-labels-idx1-ubyte (plain or .gz .xz .zst .bz2 .lz4) beside the images");
    finish(ctx, &f);
}

static void names_and_single_files(void **state)
{
    (void)state;
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    tw_data *train, *val, *test;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    mkdir(PATH("home"), 0777);
    make_directory(ctx, PATH("home/mnist"), 20, 10, '-');
    o.home = PATH("home");
    assert_int_equal(tw_data_open(ctx, "mnist", &o, &train, NULL, &test, &err), TW_OK);
    assert_int_equal(info_of(train).rows, 20);
    tw_data_free(train);
    tw_data_free(test);
    assert_int_equal(tw_data_open(ctx, PATH("home/mnist/t10k-images-idx3-ubyte"), &o, &train, &val, &test,
                                  &err),
                     TW_OK);
    assert_true(!train && !val && info_of(test).rows == 10 && !info_of(test).labels &&
                info_of(test).classes == 0);
    tw_data_free(test);
    pack_idx(PATH("packed"), 5, 5000);
    assert_int_equal(tw_data_open(ctx, PATH("packed"), &o, &train, &val, &test, &err), TW_OK);
    assert_true(info_of(test).rank == 1 && info_of(test).shape[0] == 1000 && info_of(test).rows == 5);
    tw_data_free(test);
    finish(ctx, &f);
}

static void rows_from_memory(void **state)
{
    (void)state;
    faults f;
    tw_error err;
    tw_context *ctx = context(&f);
    tw_data *data;
    float x[] = {1, 2, 3, 4, 5, 6};
    int32_t labels[] = {0, 2, 1};
    const int64_t shape[] = {2};
    assert_int_equal(dense_data(&data, ctx, TW_F32, 3, 1, shape, x, labels, &err), TW_OK);
    tw_data_info a = info_of(data);
    assert_true(a.classes == 3 && a.rows == 3 && a.type == TW_F32 && a.x != x);
    assert_memory_equal(a.x, x, sizeof x);
    tw_data_free(data);
    labels[1] = -1;
    assert_int_equal(dense_data(&data, ctx, TW_F32, 3, 1, shape, x, labels, &err), TW_ERR_DATA);
    assert_string_equal(err.message, "label -1 of row 1 is negative");
    x[5] = __builtin_nanf("");
    assert_int_equal(dense_data(&data, ctx, TW_F32, 3, 1, shape, x, NULL, &err), TW_ERR_DATA);
    assert_string_equal(err.message, "value 1 of row 2 is not finite");
    assert_int_equal(dense_data(&data, ctx, TW_I64, 3, 1, shape, x, NULL, &err), TW_ERR_SPEC);
    assert_int_equal(dense_data(&data, ctx, TW_F32, UINT64_MAX / 4, 1, shape, x, NULL, &err), TW_ERR_SPEC);
    assert_int_equal(dense_data(&data, ctx, TW_F32, 0, 1, shape, x, NULL, &err), TW_ERR_DATA);
    assert_null(data);
    finish(ctx, &f);
}

static void opening_survives_faults(void **state)
{
    (void)state;
    faults f;
    tw_context *ctx = context(&f);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    const char *directory = make_directory(ctx, PATH("fault"), 40, 10, '-');
    o.val = 0.25;
    finish(ctx, &f);
    for (int mode = 0; mode < 4; mode++)
        for (fault_walk k = {.in_files = !(mode & 2), .for_ever = mode & 1, .least = 10};
             fault_walk_next(&k);) {
            tw_data *out[3];
            fault_walk_arm(&k);
            const tw_status s = tw_data_open(k.ctx, directory, &o, &out[0], &out[1], &out[2], NULL);
            for (int i = 0; i < 3; i++) {
                if (s != TW_OK) assert_null(out[i]);
                tw_data_free(out[i]);
            }
            fault_walk_end(&k, s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idx_round_trip),
        cmocka_unit_test(bad_idx_files),
        cmocka_unit_test(packed_headers_cut_off),
        cmocka_unit_test(bombs_behind_a_header),
        cmocka_unit_test(directories_are_opened_and_cut),
        cmocka_unit_test(validation_shares),
        cmocka_unit_test(deviations_of_any_size),
        cmocka_unit_test(means_of_any_size),
        cmocka_unit_test(kinds_of_files),
        cmocka_unit_test(what_cannot_be_opened),
        cmocka_unit_test(names_and_single_files),
        cmocka_unit_test(rows_from_memory),
        cmocka_unit_test(opening_survives_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
