/* csv, with the schema of other rows: columns are found by name or place, several files are one table, the
 * rows are those of a LIBSVM file, and a damaged schema is refused.
 * SPDX-License-Identifier: MIT */
#include "table_rows.h"
#include <string.h>
#include <cmocka.h>

#define PATH(name) TW_BINARY_DIR "/test_csv_schema." name
#define TABLE PATH("table")
#define OTHER PATH("other")

static tw_data *open_with(tw_context *ctx, const char *text, const char *schema, int unlabelled)
{
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.schema = schema;
    o.unlabelled = unlabelled;
    write_file(OTHER, text, strlen(text));
    return open_path(ctx, OTHER, &o);
}

static void fails_with(tw_context *ctx, const char *text, const char *schema, const char *message)
{
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_data *data;
    tw_error err;
    o.schema = schema;
    write_file(OTHER, text, strlen(text));
    assert_int_equal(tw_data_open(ctx, OTHER, &o, &data, NULL, NULL, &err), TW_ERR_DATA);
    assert_null(data);
    if (!strstr(err.message, message)) fail_msg("\"%s\" instead of \"%s\"", err.message, message);
}

/* Case U1: by name, in any order. */
static void columns_are_found_by_name(void **state)
{
    (void)state;
    char log[LOGGED];
    tw_context *ctx = context(1, log);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.without = "id";
    o.missing = "mean";
    static const char text[] = "id,a,colour,y,b\n1,1,red,yes,2\n2,3,blue,no,4\n3,5,red,no,6\n4,,red,yes,8\n";
    o.label = "y";
    write_file(TABLE, text, sizeof text - 1);
    tw_data *train = open_path(ctx, TABLE, &o);
    const char *const s = info_of(train).schema;
    tw_data *data = open_with(ctx, "y,extra,b,colour,a\nno,x,20,blue,10\nyes,y,21,red,\n", s, 0);
    expect(data, 2, 4, (const double[]){10, 1, 0, 20, 3, 0, 1, 21});
    expect_labels(data, 2, (const char *const[]){"no", "yes"}, (const int32_t[]){0, 1});
    tw_data_free(data);
    data = open_with(ctx, "colour,b,a\ngreen,2,1\nred,4,3\n", s, 1);
    expect(data, 2, 4, (const double[]){1, 0, 0, 2, 3, 0, 1, 4});
    assert_non_null(
        strstr(log, "1 text of column colour is not in the training rows (\"green\") and counts as none"));
    tw_data_free(data);
    assert_null(strstr(log, "has no header"));
    data = open_with(ctx, "9,1,red,yes,2\n9,3,blue,no,4\n", s, 0); /* in the order of the training file */
    expect(data, 2, 4, (const double[]){1, 0, 1, 2, 3, 1, 0, 4});
    tw_data_free(data);
    assert_non_null(strstr(log, "has no header: its columns are taken in the order of the training file"));
    data = open_with(ctx, "9,1,red,2\n9,3,blue,4\n", s, 1);
    expect(data, 2, 4, (const double[]){1, 0, 1, 2, 3, 1, 0, 4});
    tw_data_free(data);
    fails_with(ctx, "y,b,colour\nno,2,blue\n", s, "lacks a column of the training rows: \"a\"");
    fails_with(ctx, "a,b,colour\n1,2,blue\n", s, "has no column \"y\", the labels of the training rows");
    fails_with(ctx, "9,1,red,2\n", s, "4 columns, but the training rows have 5");
    fails_with(ctx, "y,b,colour,a\nmaybe,2,red,1\n", s,
               "label \"maybe\" of row 1 is not among"); /* case U2 */
    tw_data_free(train);
    tw_context_free(ctx);
}

static void several_files(void **state)
{
    (void)state;
    tw_context *ctx = context(2, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_data *train, *test;
    static const char text[] = "a,b,y\n1,2,0\n3,4,1\n", more[] = "b,y,a\n6,1,5\n8,0,7\n",
                      tests[] = "y,b,a\n1,10,9\n";
    write_file(TABLE, text, sizeof text - 1);
    write_file(OTHER, more, sizeof more - 1);
    write_file(PATH("test"), tests, sizeof tests - 1);
    o.more = OTHER "\n" TABLE;
    o.test = PATH("test");
    o.targets = TW_TARGETS_CLASSES;
    tw_error err;
    if (tw_data_open(ctx, TABLE, &o, &train, NULL, &test, &err) != TW_OK) fail_msg("%s", err.message);
    expect(train, 6, 2, (const double[]){1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4});
    expect_labels(train, 2, (const char *const[]){"0", "1"}, (const int32_t[]){0, 1, 1, 0, 0, 1});
    expect(test, 1, 2, (const double[]){9, 10});
    tw_data_free(train);
    tw_data_free(test);
    tw_context_free(ctx);
}

/* Case R9: the same rows as a LIBSVM file, number for number. */
static void like_libsvm(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    static const char text[] = "2,0,1,+1\n0,4,0,-1\n1,1,0,+1\n0,0,0,-1\n",
                      sparse[] = "+1 1:2 3:1\n-1 2:4\n+1 1:1 2:1\n-1\n";
    write_file(TABLE, text, sizeof text - 1);
    write_file(OTHER, sparse, sizeof sparse - 1);
    tw_data *dense = open_path(ctx, TABLE, NULL), *other = open_path(ctx, OTHER, NULL);
    const tw_data_info a = info_of(dense), b = info_of(other);
    assert_int_equal(a.type, b.type);
    assert_int_equal(a.shape[0], b.shape[0]);
    assert_memory_equal(a.labels, b.labels, 4 * sizeof *a.labels);
    for (int c = 0; c < 2; c++) assert_string_equal(a.class_names[c], b.class_names[c]);
    for (uint64_t i = 0; i < b.rows; i++)
        for (uint64_t k = b.starts[i]; k < b.starts[i + 1]; k++)
            assert_true(number_at(&a, i * 3 + b.columns[k]) == number_at(&b, k));
    tw_data_free(other);
    other = open_with(ctx, text, a.schema, 0);
    assert_string_equal(info_of(other).fingerprint, a.fingerprint);
    tw_data_free(other);
    tw_data_free(dense);
    tw_context_free(ctx);
}

/* A column of texts looks like any text, but rows that fit a table are one. */
static void a_column_of_texts(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    static const char text[] = "town,y\nBasel,p\nBern,q\n", alone[] = "town\nBern\nBasel\nBern\n";
    o.label = "y";
    write_file(TABLE, text, sizeof text - 1);
    tw_data *train = open_path(ctx, TABLE, &o);
    write_file(OTHER, alone, sizeof alone - 1);
    expect_error(ctx, OTHER, NULL, TW_ERR_DATA, "a text file; supported: ");
    tw_data *data = open_with(ctx, alone, info_of(train).schema, 1);
    expect(data, 3, 2, (const double[]){0, 1, 1, 0, 0, 1});
    tw_data_free(data);
    tw_data_free(train);
    tw_context_free(ctx);
}

static void damaged_schemas(void **state)
{
    (void)state;
#define TWO(a, b) "{\"width\":2,\"fields\":3,\"label\":{\"name\":\"y\",\"at\":2},\"columns\":[" a "," b "]}"
#define ONE(rest) "{\"width\":1,\"fields\":3," rest "}"
    static const struct {
        const char *schema, *message;
    } cases[] = {
        {TWO("{\"name\":\"a\",\"at\":1}", "{\"name\":\"b\",\"at\":1}"), "damaged: at"},
        {TWO("{\"name\":\"a\",\"at\":1}", "{\"name\":\"b\",\"at\":2}"), "damaged: at"},
        {TWO("{\"name\":\"a\",\"at\":0}", "{\"name\":\"b\",\"at\":3}"), "damaged: at"},
        {TWO("{\"name\":\"a\",\"at\":0}", "{\"name\":\"a\",\"at\":1}"), "damaged: name"},
        {TWO("{\"name\":\"a\",\"at\":0}", "{\"at\":1}"), "damaged: name"},
        {TWO("{\"name\":\"a\",\"at\":0}", "{\"at\":1,\"levels\":[\"p\"]}"), "damaged: name"},
        {TWO("{\"at\":0}", "{\"name\":\"b\",\"at\":1}"), "damaged: name"},
        {TWO("{\"name\":\"a\",\"at\":0}", "{\"name\":\"y\",\"at\":1}"), "damaged: label"},
        {ONE("\"label\":{\"at\":3},\"columns\":[{\"at\":0}]"), "damaged: label"},
        {ONE("\"columns\":[{\"at\":0},{\"at\":1,\"levels\":[]}]"), "damaged: levels"},
        {ONE("\"columns\":[{\"at\":0},{\"at\":1,\"text\":true}]"), "damaged: levels"},
        {ONE("\"hash_bits\":2,\"columns\":[{\"at\":0},{\"at\":1,\"levels\":[\"p\"]}]"), "damaged: levels"},
        {ONE("\"hash_bits\":2,\"columns\":[{\"at\":0},{\"at\":1,\"text\":true}]"), "damaged: width"},
        {ONE("\"classes\":[],\"columns\":[{\"at\":0}]"), "damaged: classes"},
        {"{\"width\":0,\"fields\":3,\"columns\":[]}", "damaged: columns"},
    };
    tw_context *ctx = context(1, NULL);
    tw_data *data =
        open_with(ctx, "a,b,y\n1,2,0\n", TWO("{\"name\":\"a\",\"at\":0}", "{\"name\":\"b\",\"at\":1}"), 1);
    expect(data, 1, 2, (const double[]){1, 2});
    tw_data_free(data);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        fails_with(ctx, "a,b,y\n1,2,0\n3,4,1\n", cases[i].schema, cases[i].message);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(several_files),
        cmocka_unit_test(like_libsvm),
        cmocka_unit_test(a_column_of_texts),
        cmocka_unit_test(damaged_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
