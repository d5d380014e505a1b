/* Converted rows: they open as the files did, for any use; what is damaged, cut off, of another kind or out
 * of date is refused; everything that can fail fails in turn.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "data/twd.h"
#include "faulty_io.h"
#include "row_files.h"
#include <string.h>
#include <cmocka.h>

#define PATH(name) TW_BINARY_DIR "/test_twd." name
#define SOURCE PATH("source")
#define MORE PATH("more")
#define ROWS PATH("rows")
#define OTHER PATH("other")

static const char svm[] = "+1 qid:1 3:1 11:0.5 14:-2e-3\n-1 qid:1 1:0.25\n1.0 qid:2 2:4\n-1 qid:2\n";
static const char csv[] =
    "age,town,w,y\n31,Basel,1,0.5\n28,\"St. Gallen\",2,7\n44,Bern,0.5,1e3\n35,Basel,1,-1\n";
static const char numbers[] = "w,a,g,b,y\n1,0.1,7,,0\n2,3,7,5e-324,1\n1,-2,1,4,1.0\n0.5,,1,1,0\n";
static const char classes[] = "1,2,yes\n3,4,no\n5,6.1,yes\n";

/* ---- as the files -------------------------------------------------------------------------------------- */

/* The same rows, classes and columns. */
static void opens_alike(tw_context *ctx, tw_data_options from, tw_data_options converted)
{
    tw_data *a[3], *b[3];
    tw_error err;
    if (tw_data_open(ctx, SOURCE, &from, &a[0], &a[1], NULL, &err) != TW_OK) fail_msg("%s", err.message);
    if (tw_data_open(ctx, ROWS, &converted, &b[0], &b[1], NULL, &err) != TW_OK) fail_msg("%s", err.message);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(!a[i], !b[i]);
        if (!a[i]) continue;
        const tw_data_info x = info_of(a[i]), y = info_of(b[i]);
        if (strcmp(x.fingerprint, y.fingerprint))
            fail_msg("targets %d, type %d, val %g, unlabelled %d: other bits", from.targets, (int)from.type,
                     from.val, from.unlabelled);
        assert_string_equal(x.schema, y.schema);
        assert_int_equal(x.type, y.type);
        assert_int_equal(x.classes, y.classes);
        assert_int_equal(x.first_column, y.first_column);
        assert_int_equal(x.left_out, y.left_out);
        for (int k = 0; k < x.classes; k++) assert_string_equal(x.class_names[k], y.class_names[k]);
        for (int k = 0; x.column_names && k < x.shape[0]; k++)
            assert_string_equal(x.column_names[k], y.column_names[k]);
        tw_data_free(a[i]);
        tw_data_free(b[i]);
    }
}

/* What a model or a command may want of rows; those that the labels do not allow are left out. */
static void opens_alike_so(tw_context *ctx, const tw_data_options *given, int has_classes, int has_reals)
{
    convert(ctx, SOURCE, given, ROWS);
    for (int targets = TW_TARGETS_AUTO; targets <= TW_TARGETS_REALS; targets++)
        for (int type = 0; type <= TW_F64; type++)
            for (int val = 0; val < 2; val++) {
                tw_data_options from = *given, converted = TW_DATA_OPTIONS_INIT;
                if ((type && type < TW_F32) || (targets == TW_TARGETS_CLASSES && !has_classes) ||
                    (targets == TW_TARGETS_REALS && !has_reals))
                    continue;
                from.targets = converted.targets = (enum tw_targets)targets;
                from.type = converted.type = (tw_type)type;
                from.val = converted.val = 0.5 * val;
                opens_alike(ctx, from, converted);
                if (val) continue; /* rows to predict */
                tw_data *train = open_path(ctx, SOURCE, given);
                from.unlabelled = converted.unlabelled = 1;
                from.schema = converted.schema = info_of(train).schema;
                opens_alike(ctx, from, converted);
                tw_data_free(train);
            }
}

/* Rows that were together in memory, and those that went through files, one piece after the other. */
static void opens_alike_for_all(tw_context *ctx, const tw_data_options *given, int has_classes, int has_reals)
{
    tw_data_options o = *given;
    for (o.window = 0; o.window < 2; o.window++) opens_alike_so(ctx, &o, has_classes, has_reals);
}

static void converted_rows_open_as_the_files(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        tw_context *ctx = context(threads, NULL);
        tw_data_options o = TW_DATA_OPTIONS_INIT;
        write_file(SOURCE, svm, strlen(svm));
        opens_alike_for_all(ctx, &o, 1, 1);
        o.index_base = "0";
        o.features = 20;
        opens_alike_for_all(ctx, &o, 1, 1);
        o = (tw_data_options)TW_DATA_OPTIONS_INIT;
        write_file(SOURCE, classes, strlen(classes));
        opens_alike_for_all(ctx, &o, 1, 0);
        write_file(SOURCE, numbers, strlen(numbers));
        o.missing = "zero";
        o.row_weight = "w";
        o.group_by = "g";
        opens_alike_for_all(ctx, &o, 1, 1);
        o = (tw_data_options)TW_DATA_OPTIONS_INIT;
        write_file(SOURCE, csv, strlen(csv));
        opens_alike_for_all(ctx, &o, 0, 1);
        o.row_weight = "w";
        o.group_by = "town";
        o.label = "age";
        opens_alike_for_all(ctx, &o, 1, 1);
        tw_context_free(ctx);
    }
}

/* Real labels as classes: words that are not read where targets are wanted. */
static void whole_numbers_are_classes_or_targets(void **state)
{
    (void)state;
    enum { N = 4000 };
    static char text[N * 12];
    size_t n = 0;
    tw_context *ctx = context(1, NULL);
    const tw_data_options o = TW_DATA_OPTIONS_INIT;
    for (int i = 0; i < N; i++) n += (size_t)snprintf(text + n, sizeof text - n, "%d 1:1\n", i % 3000);
    write_file(SOURCE, text, n);
    opens_alike_for_all(ctx, &o, 1, 1);
    tw_context_free(ctx);
}

static void test_rows_follow_the_training_rows(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data *train;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    static const char towns[] = "town,y\nBern,1\nBasel,0\nChur,1\n", test[] = "y,town\n0,Chur\n1,Genf\n";
    write_file(SOURCE, towns, strlen(towns));
    convert(ctx, SOURCE, NULL, ROWS);
    train = open_path(ctx, ROWS, NULL);
    write_file(SOURCE, test, strlen(test));
    o.schema = info_of(train).schema;
    convert(ctx, SOURCE, &o, ROWS);
    opens_alike(ctx, o, o);
    convert(ctx, SOURCE, NULL, ROWS); /* with columns of its own */
    expect_error(ctx, ROWS, &o, TW_ERR_DATA, "1 columns, and the training rows have 3");
    write_file(SOURCE, svm, strlen(svm));
    convert(ctx, SOURCE, NULL, ROWS);
    expect_error(ctx, ROWS, &o, TW_ERR_DATA, "its columns are not those of the training rows");
    tw_data_free(train);
    write_file(OTHER, "1 2:1\n0 1:1\n", 12);
    train = open_path(ctx, OTHER, NULL);
    o.schema = info_of(train).schema;
    expect_error(ctx, ROWS, &o, TW_ERR_DATA, "14 columns, and the training rows have 2");
    write_file(SOURCE, "1 1:1\n", 6); /* narrower, as rows may be */
    convert(ctx, SOURCE, NULL, ROWS);
    opens_alike(ctx, o, o);
    tw_data_free(train);
    tw_context_free(ctx);
}

/* ---- refused ------------------------------------------------------------------------------------------- */

static void options_are_fixed(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT, none = o;
    tw_error err;
    write_file(SOURCE, svm, strlen(svm));
    convert(ctx, SOURCE, NULL, ROWS);
    o.label = "1";
    expect_error(ctx, ROWS, &o, TW_ERR_SPEC, "option label: " ROWS " holds converted rows");
    o = none;
    o.more = SOURCE;
    expect_error(ctx, ROWS, &o, TW_ERR_SPEC, "convert the files together");
    assert_int_equal(tw_data_convert(ctx, ROWS, NULL, OTHER, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "is converted already"));
    assert_int_equal(tw_data_convert(ctx, SOURCE, NULL, SOURCE, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "would be replaced by its own rows"));
    o = none;
    o.val = 0.1;
    assert_int_equal(tw_data_convert(ctx, SOURCE, &o, OTHER, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "option val: all rows of the files are converted, as training rows");
    assert_int_equal(tw_data_convert(ctx, TW_BINARY_DIR, NULL, OTHER, &err), TW_ERR_SPEC);
    assert_int_equal(tw_data_convert(ctx, PATH("none"), NULL, OTHER, &err), TW_ERR_NOT_FOUND);
    tw_context_free(ctx);
}

static void files_that_have_changed_are_told(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    write_file(SOURCE, svm, strlen(svm));
    write_file(MORE, "1 qid:3 1:1\n", 12);
    o.more = MORE;
    convert(ctx, SOURCE, &o, ROWS);
    tw_data_free(open_path(ctx, ROWS, NULL));
    write_file(MORE, "1 qid:3 1:1\n", 12); /* at another time */
    tw_data_free(open_path(ctx, ROWS, NULL));
    write_file(MORE, "1 qid:3 1:2\n", 12);
    expect_error(ctx, ROWS, NULL, TW_ERR_DATA, MORE " has changed since; convert it again");
    write_file(MORE, "1 qid:3 1:10\n", 13);
    expect_error(ctx, ROWS, NULL, TW_ERR_DATA, MORE " has changed since: 13 bytes, not 12");
    assert_int_equal(remove(MORE), 0);
    tw_data_free(open_path(ctx, ROWS, NULL));
    tw_context_free(ctx);
}

/* ---- damage -------------------------------------------------------------------------------------------- */

static size_t read_rows(uint8_t *to, size_t most)
{
    FILE *f = fopen(ROWS, "rb");
    assert_non_null(f);
    const size_t n = fread(to, 1, most, f);
    fclose(f);
    return n;
}

/* A 32-bit number of the head, with the right checksum. */
static void expect_head(tw_context *ctx, const uint8_t *bytes, size_t n, size_t at, uint32_t number,
                        const char *message)
{
    uint8_t copy[4096];
    tw__twd_head h;
    uint64_t begin[TW__TWD_PARTS + 1];
    char sum[TW__HASH_DIGITS + 1];
    memcpy(copy, bytes, n);
    memcpy(&h, copy, sizeof h);
    assert_true(tw__twd_layout(&h, begin));
    memcpy((uint8_t *)&h + at, &number, sizeof number);
    tw__twd_checksum(&h, copy + begin[TW__TWD_TEXT], copy + begin[TW__TWD_WORDS], sum);
    memcpy(h.checksum, sum, sizeof h.checksum);
    memcpy(copy, &h, sizeof h);
    write_file(OTHER, copy, n);
    expect_error(ctx, OTHER, NULL, TW_ERR_DATA, message);
}

static void damage_is_told(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    uint8_t bytes[4096], more[4097];
    tw__twd_head h;
    uint64_t at[TW__TWD_PARTS + 1];
    write_file(SOURCE, svm, strlen(svm));
    convert(ctx, SOURCE, NULL, ROWS);
    const size_t n = read_rows(bytes, sizeof bytes);
    memcpy(&h, bytes, sizeof h);
    assert_true(tw__twd_layout(&h, at));
    assert_int_equal(at[TW__TWD_PARTS], n);
    for (size_t i = 4; i < at[TW__TWD_WORDS] + h.word_bytes; i++) { /* the first bytes say what it is */
        if (i >= sizeof h && i < at[TW__TWD_TEXT]) continue;        /* between two parts */
        if (i >= at[TW__TWD_TEXT] + h.text_bytes && i < at[TW__TWD_WORDS]) continue;
        bytes[i] ^= 0x10;
        write_file(OTHER, bytes, n);
        expect_error(ctx, OTHER, NULL, TW_ERR_DATA, "");
        bytes[i] ^= 0x10;
    }
    for (size_t i = 8; i < n; i += 7) {
        write_file(OTHER, bytes, i);
        expect_error(ctx, OTHER, NULL, TW_ERR_DATA, i < sizeof h ? "ends inside the head" : "is cut off");
    }
    memcpy(more, bytes, n);
    more[n] = 0;
    write_file(OTHER, more, n + 1);
    expect_error(ctx, OTHER, NULL, TW_ERR_DATA, "something follows the rows");
    expect_head(ctx, bytes, n, offsetof(tw__twd_head, order), 0x04030201, "the other byte order");
    expect_head(ctx, bytes, n, offsetof(tw__twd_head, version), 3,
                "version 3 of converted rows, and 1 to 2 are read");
    expect_head(ctx, bytes, n, offsetof(tw__twd_head, rows) + 4, 0x80000000,
                "the head of the converted rows");
    expect_head(ctx, bytes, n, offsetof(tw__twd_head, numbers) + 4, 0x10, "the head of the converted rows");
    expect_head(ctx, bytes, n, offsetof(tw__twd_head, type), TW_I64, "the head of the converted rows");
    ((uint32_t *)(void *)(bytes + at[TW__TWD_COLUMNS]))[2] = 14; /* of the columns 0 to 13 */
    write_file(OTHER, bytes, n);
    expect_error(ctx, OTHER, NULL, TW_ERR_DATA, "the converted rows are damaged: the columns of a row");
    ((uint64_t *)(void *)(bytes + at[TW__TWD_STARTS]))[1] = 1000;
    write_file(OTHER, bytes, n);
    expect_error(ctx, OTHER, NULL, TW_ERR_DATA, "the converted rows are damaged: where a row begins");
    tw_context_free(ctx);
}

/* ---- faults -------------------------------------------------------------------------------------------- */

static void reading_survives_faults(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    write_file(SOURCE, csv, strlen(csv));
    convert(ctx, SOURCE, NULL, ROWS);
    tw_context_free(ctx);
    for (int i = 0; i < 3; i++) survives_faults(ROWS, NULL, i > 0, i > 1);
}

static void converting_survives_faults(void **state)
{
    (void)state;
    for (int in_files = 0; in_files < 2; in_files++) {
        tw_data_options o = TW_DATA_OPTIONS_INIT;
        for (o.window = 0; o.window < 2; o.window++) {
            const char *const text = o.window ? svm : csv;
            write_file(SOURCE, text, strlen(text));
            for (fault_walk k = {.in_files = in_files, .for_ever = 1, .least = 10}; fault_walk_next(&k);) {
                remove(ROWS);
                fault_walk_arm(&k);
                fault_walk_end(&k, tw_data_convert(k.ctx, SOURCE, &o, ROWS, NULL));
                assert_int_equal(access(ROWS ".x.thalweg-partial", F_OK), -1);
            }
        }
        tw_context *ctx = context(1, NULL);
        tw_data_free(open_path(ctx, ROWS, NULL));
        tw_context_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converted_rows_open_as_the_files),
        cmocka_unit_test(whole_numbers_are_classes_or_targets),
        cmocka_unit_test(test_rows_follow_the_training_rows),
        cmocka_unit_test(options_are_fixed),
        cmocka_unit_test(files_that_have_changed_are_told),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(reading_survives_faults),
        cmocka_unit_test(converting_survives_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
