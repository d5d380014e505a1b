/* Tables with several columns of labels: targets in the order of option label, whatever the order of the
 * columns, from files of every kind, converted or not; what cannot be is refused by name.
 * SPDX-License-Identifier: MIT */
#include "table_rows.h"
#include <cmocka.h>

#define PATH(name) TW_BINARY_DIR "/test_label_columns." name
#define TABLE PATH("table")
#define OTHER PATH("other")
#define ROWS PATH("rows")

static const char text[] = "id,y1,a,y 2,b,y3\n9,1,10,2,20,3\n9,-0.5,11,1e3,21,0.1\n9,4,12,5,22,6\n";
static const double x[] = {10, 20, 11, 21, 12, 22};

static tw_data_options options(const char *label)
{
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.label = label;
    o.without = "id";
    write_file(TABLE, text, sizeof text - 1);
    return o;
}

static void expect_targets(const tw_data *data, size_t n, const double *targets, const char *const *names)
{
    const tw_data_info r = info_of(data);
    assert_int_equal(r.n_targets, n);
    assert_null(r.labels);
    assert_int_equal(r.classes, 0);
    for (size_t i = 0; i < r.rows * n; i++) assert_true(r.targets[i] == targets[i]);
    for (size_t i = 0; names && i < n; i++) assert_string_equal(r.target_names[i], names[i]);
    if (!names) assert_null(r.target_names);
}

/* By names, quoted where they have spaces, by numbers and by ranges. */
static void labels_are_named_in_any_order(void **state)
{
    (void)state;
    static const struct {
        const char *label, *names[3];
        double targets[9];
    } cases[] = {
        {"y1,\"y 2\",y3", {"y1", "y 2", "y3"}, {1, 2, 3, -0.5, 1e3, 0.1, 4, 5, 6}},
        {"y3 y1, 4", {"y3", "y1", "y 2"}, {3, 1, 2, 0.1, -0.5, 1e3, 6, 4, 5}},
        {"-1 4,2-2", {"y3", "y 2", "y1"}, {3, 2, 1, 0.1, 1e3, -0.5, 6, 5, 4}},
    };
    for (int threads = 1; threads <= 2; threads++) {
        tw_context *ctx = context(threads, NULL);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            tw_data_options o = options(cases[i].label);
            for (int targets = TW_TARGETS_AUTO; targets <= TW_TARGETS_REALS; targets += TW_TARGETS_REALS) {
                o.targets = (enum tw_targets)targets;
                tw_data *data = open_path(ctx, TABLE, &o);
                expect(data, 3, 2, x);
                expect_names(data, (const char *const[]){"a", "b"});
                expect_targets(data, 3, cases[i].targets, cases[i].names);
                tw_data_free(data);
            }
        }
        tw_data_options o = options("3-5"); /* without a header */
        o.without = "1";
        write_file(TABLE, "0,1,2,3,4,5\n0,6,7,8,9,10\n", 25);
        tw_data *data = open_path(ctx, TABLE, &o);
        expect(data, 2, 2, (const double[]){1, 5, 6, 10});
        expect_targets(data, 3, (const double[]){2, 3, 4, 7, 8, 9}, NULL);
        tw_data_free(data);
        tw_context_free(ctx);
    }
}

/* One name is one label, of classes or numbers, also where it has spaces. */
static void a_single_label_is_as_before(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    static const char one[] = "a,the town\n1,Bern\n2,Basel\n3,Bern\n";
    for (int quoted = 0; quoted < 2; quoted++) {
        tw_data_options o = TW_DATA_OPTIONS_INIT;
        write_file(TABLE, one, sizeof one - 1);
        o.label = quoted ? "\"the town\"" : "the town";
        tw_data *data = open_path(ctx, TABLE, &o);
        expect(data, 3, 1, (const double[]){1, 2, 3});
        expect_labels(data, 2, (const char *const[]){"Basel", "Bern"}, (const int32_t[]){1, 0, 1});
        assert_null(info_of(data).target_names);
        assert_non_null(strstr(info_of(data).schema, "\"label\":{\"name\":\"the town\",\"at\":1}"));
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

static void other_files_are_read_by_the_schema(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data_options o = options("y3,y1"), like = TW_DATA_OPTIONS_INIT;
    o.without = "id \"y 2\"";
    tw_data *train = open_path(ctx, TABLE, &o), *data;
    like.schema = info_of(train).schema;
    assert_non_null(strstr(like.schema, "\"label\":[{\"name\":\"y3\",\"at\":5},{\"name\":\"y1\",\"at\":1}]"));
    write_file(OTHER, "b,y1,more,y3,a\n4,1,0,3,5\n", 25);
    data = open_path(ctx, OTHER, &like);
    expect(data, 1, 2, (const double[]){5, 4});
    expect_targets(data, 2, (const double[]){3, 1}, (const char *const[]){"y3", "y1"});
    tw_data_free(data);
    write_file(OTHER, "0,1,5,0,4,3\n", 12); /* no header: by their places */
    data = open_path(ctx, OTHER, &like);
    expect(data, 1, 2, (const double[]){5, 4});
    expect_targets(data, 2, (const double[]){3, 1}, (const char *const[]){"y3", "y1"});
    tw_data_free(data);
    write_file(OTHER, "a,b,z1,z3\n5,4,1,3\n", 18); /* labels with other names */
    like.label = "z3,z1";
    data = open_path(ctx, OTHER, &like);
    expect_targets(data, 2, (const double[]){3, 1}, (const char *const[]){"y3", "y1"});
    tw_data_free(data);
    like.label = "z3";
    expect_error(ctx, OTHER, &like, TW_ERR_SPEC,
                 "label = z3 names 1 column of " OTHER ", and the training rows have 2");
    like.label = NULL;
    expect_error(ctx, OTHER, &like, TW_ERR_DATA, OTHER " has no column \"y3\", a label of the training rows");
    like.unlabelled = 1; /* to predict: with some labels, or none, or without a header */
    static const char *const files[] = {"a,b,z1,z3\n5,4,1,3\n", "y1,b,a\nx,4,5\n", "0,5,0,4\n",
                                        "0,1,5,0,4,3\n"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        write_file(OTHER, files[i], strlen(files[i]));
        data = open_path(ctx, OTHER, &like);
        expect(data, 1, 2, (const double[]){5, 4});
        expect_targets(data, 0, NULL, NULL);
        tw_data_free(data);
    }
    write_file(OTHER, "0,1,5,0,4\n", 10);
    expect_error(ctx, OTHER, &like, TW_ERR_DATA,
                 "5 columns, but the training rows have 6 with their labels, or 4 without");
    tw_data_free(train);
    tw_context_free(ctx);
}

/* The names of the targets are those of the training rows, whatever option label says: so it may not take one
 * for another. */
static void labels_of_other_files_keep_their_names(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data_options o = options("y3,y1"), like = TW_DATA_OPTIONS_INIT;
    o.without = "id \"y 2\"";
    tw_data *train = open_path(ctx, TABLE, &o);
    like.schema = info_of(train).schema;
    static const char named[] = "b,y1,more,y3,a\n4,1,0,3,5\n", plain[] = "0,1,5,0,4,3\n";
    static const struct {
        const char *text, *label;
        double targets[2];
        const char *message;
    } cases[] = {
        {named, "y3 y1", {3, 1}, NULL},
        {named, "4,2", {3, 1}, NULL},
        {named, "3,2", {0, 1}, NULL},
        {plain, "6,2", {3, 1}, NULL},
        {named,
         "y1,y3",
         {0},
         "label = y1,y3: column 2 \"y1\" of " OTHER " is label 2 of the training rows, not 1"},
        {named, "more,y3", {0}, "column 4 \"y3\" of " OTHER " is label 1 of the training rows, not 2"},
        {named,
         "2,4",
         {0},
         "label = 2,4: column 2 \"y1\" of " OTHER " is label 2 of the training rows, not 1"},
        {plain, "2,6", {0}, "label = 2,6: column 2 of " OTHER " is label 2 of the training rows, not 1"},
        {named, "y9,y1", {0}, "label: unknown column \"y9\""},
        {named, "4", {0}, "label = 4 names 1 column of " OTHER ", and the training rows have 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(OTHER, cases[i].text, strlen(cases[i].text));
        like.label = cases[i].label;
        if (cases[i].message) {
            expect_error(ctx, OTHER, &like, TW_ERR_SPEC, cases[i].message);
            continue;
        }
        tw_data *data = open_path(ctx, OTHER, &like);
        expect(data, 1, 2, (const double[]){5, 4});
        expect_targets(data, 2, cases[i].targets, (const char *const[]){"y3", "y1"});
        tw_data_free(data);
    }
    like.unlabelled = 1; /* to predict: the number means nothing where the label is not there */
    like.label = "6,2";
    write_file(OTHER, "b,a\n4,5\n", 8);
    tw_data *data = open_path(ctx, OTHER, &like);
    expect(data, 1, 2, (const double[]){5, 4});
    tw_data_free(data);
    tw_data_free(train);
    tw_context_free(ctx);
}

static void several_files_are_one_table(void **state)
{
    (void)state;
    tw_context *ctx = context(2, NULL);
    tw_data_options o = options("y1,y3");
    tw_data *train, *val, *test;
    tw_error err;
    o.columns = "a b";
    o.without = NULL;
    o.more = OTHER;
    o.test = ROWS;
    o.val = 0.5;
    write_file(OTHER, "b,y3,y1,a\n23,8,7,13\n", 20);
    write_file(ROWS, "y3,b,a,y1\n2,4,3,1\n", 18);
    if (tw_data_open(ctx, TABLE, &o, &train, &val, &test, &err) != TW_OK) fail_msg("%s", err.message);
    expect(test, 1, 2, (const double[]){3, 4});
    expect_targets(test, 2, (const double[]){1, 2}, (const char *const[]){"y1", "y3"});
    const tw_data_info parts[] = {info_of(train), info_of(val)};
    size_t found = 0;
    for (int p = 0; p < 2; p++)
        for (uint64_t i = 0; i < parts[p].rows; i++)
            for (int k = 10; k <= 13; k++) {
                static const double its[][2] = {{1, 3}, {-0.5, 0.1}, {4, 6}, {7, 8}};
                if (number_at(&parts[p], 2 * i) != k) continue;
                assert_true(parts[p].targets[2 * i] == its[k - 10][0] &&
                            parts[p].targets[2 * i + 1] == its[k - 10][1]);
                found++;
            }
    assert_int_equal(found, 4);
    tw_data_free(train);
    tw_data_free(val);
    tw_data_free(test);
    tw_context_free(ctx);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    static const struct {
        const char *label;
        tw_status status;
        const char *message;
    } names[] = {
        {"y1,y1", TW_ERR_SPEC, "label: column 2 \"y1\" of " TABLE " is named twice"},
        {"y1 1-3", TW_ERR_SPEC, "label: column 2 \"y1\" of " TABLE " is named twice"},
        {"y1,y9", TW_ERR_SPEC, "label: unknown column \"y9\" (did you mean"},
        {"y1,9", TW_ERR_SPEC, "label = 9: " TABLE " has columns 1 to 6"},
        {"y1,\"\",y3", TW_ERR_SPEC, "label: \"\" names no column of " TABLE},
        {"\"\"", TW_ERR_SPEC, "label: \"\" names no column of " TABLE},
        {"4-2", TW_ERR_SPEC, "label = 4-2: the range runs backwards, from column 4 to 2 of " TABLE},
        {",", TW_ERR_SPEC, "label = , names 0 columns of " TABLE},
        {"y1,id", TW_ERR_SPEC, "without: column 1 \"id\" of " TABLE " is the label"},
        {"y1,a,b,y3,4", TW_ERR_DATA, "no column is left to learn from"},
    };
    static const struct {
        const char *text, *message;
    } texts[] = {
        {"a,y1,y2\n1,2,3\n1,2,red\n",
         TABLE ":3: byte 5: column 3 \"y2\": \"red\" is not a number, as targets of "
               "several columns are; classes are a single column"},
        {"a,y1,y2\n1,2,3\n1,,4\n", "column 2 \"y1\": the value is missing"},
        {"a,y1,y2\n1,2,3\n1,2,1e999\n", "column 3 \"y2\": 1e999 is too large for a double"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const tw_data_options o = options(names[i].label);
        expect_error(ctx, TABLE, &o, names[i].status, names[i].message);
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tw_data_options o = TW_DATA_OPTIONS_INIT;
        o.label = "y1,y2";
        write_file(TABLE, texts[i].text, strlen(texts[i].text));
        expect_error(ctx, TABLE, &o, TW_ERR_DATA, texts[i].message);
        o.skip_bad = 1;
        o.missing = "skip";
        tw_data *data = open_path(ctx, TABLE, &o);
        expect_targets(data, 2, (const double[]){2, 3}, (const char *const[]){"y1", "y2"});
        tw_data_free(data);
    }
    tw_data_options o = options("y1,y3");
    o.targets = TW_TARGETS_CLASSES;
    expect_error(ctx, TABLE, &o, TW_ERR_DATA,
                 TABLE ": rows have 2 columns of labels, and the model learns one label of each row");
    tw_context_free(ctx);
}

/* ---- schemas ------------------------------------------------------------------------------------------- */

static void damaged_schemas_are_refused(void **state)
{
    (void)state;
#define LABELS(labels) \
    "{\"width\":1,\"fields\":4,\"label\":" labels ",\"columns\":[{\"name\":\"a\",\"at\":0}]}"
    static const char *const wrong[] = {
        LABELS("[]"),
        LABELS("[{\"name\":\"p\",\"at\":1}]"),
        LABELS("[{\"name\":\"p\",\"at\":1},{\"name\":\"q\",\"at\":1}]"),
        LABELS("[{\"name\":\"p\",\"at\":1},{\"name\":\"p\",\"at\":2}]"),
        LABELS("[{\"name\":\"p\",\"at\":1},{\"name\":\"a\",\"at\":2}]"),
        LABELS("[{\"name\":\"p\",\"at\":1},{\"at\":2}]"),
        LABELS("[{\"name\":\"p\",\"at\":1},{\"name\":\"q\",\"at\":4}]"),
        LABELS("[{\"name\":\"p\",\"at\":1},{\"name\":\"q\",\"at\":-1}]"),
        LABELS("[{\"name\":\"p\",\"at\":1},7]"),
        LABELS("[{\"name\":\"p\",\"at\":1},{\"name\":7,\"at\":2}]"),
    };
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    write_file(OTHER, "a,p,q\n1,2,3\n", 12);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        o.schema = wrong[i];
        expect_error(ctx, OTHER, &o, TW_ERR_DATA, "the description of the columns is damaged: label");
    }
    o.schema = LABELS("[{\"name\":\"p\",\"at\":1},{\"name\":\"q\",\"at\":0}]");
    expect_error(ctx, OTHER, &o, TW_ERR_DATA, "the description of the columns is damaged: at");
    o.schema = LABELS("[{\"name\":\"q\",\"at\":3},{\"name\":\"p\",\"at\":1}]");
    tw_data *data = open_path(ctx, OTHER, &o);
    expect_targets(data, 2, (const double[]){3, 2}, (const char *const[]){"q", "p"});
    tw_data_free(data);
    tw_context_free(ctx);
}

/* ---- converted ----------------------------------------------------------------------------------------- */

/* In memory, and through files where a window is too small. */
static void converted_rows_have_the_same_bits(void **state)
{
    (void)state;
    tw_context *ctx = context(2, NULL);
    for (uint64_t window = 0; window < 2; window++) {
        tw_data_options o = options("y3,y1,\"y 2\""), plain = TW_DATA_OPTIONS_INIT;
        o.window = window;
        convert(ctx, TABLE, &o, ROWS);
        o.window = 0;
        for (int how = 0; how < 3; how++) {
            tw_data *a = open_path(ctx, TABLE, &o), *b = open_path(ctx, ROWS, &plain);
            assert_string_equal(info_of(a).fingerprint, info_of(b).fingerprint);
            assert_string_equal(info_of(a).schema, info_of(b).schema);
            assert_int_equal(info_of(b).type, how == 1 ? TW_F64 : TW_F32);
            expect_targets(b, how < 2 ? 3 : 0, (const double[]){3, 1, 2, 0.1, -0.5, 1e3, 6, 4, 5},
                           how < 2 ? (const char *const[]){"y3", "y1", "y 2"} : NULL);
            tw_data_free(a);
            tw_data_free(b);
            o.type = plain.type = TW_F64;
            if (how != 1) continue;
            o.type = plain.type = TW_F32;
            o.unlabelled = plain.unlabelled = 1;
        }
        plain = (tw_data_options)TW_DATA_OPTIONS_INIT;
        plain.targets = TW_TARGETS_CLASSES;
        expect_error(ctx, ROWS, &plain, TW_ERR_DATA,
                     "rows have 3 columns of labels, and the model learns one label");
        plain.targets = TW_TARGETS_AUTO;
        plain.stream = "";
        tw_data *data = open_path(ctx, ROWS, &plain);
        expect_targets(data, 3, (const double[]){3, 1, 2, 0.1, -0.5, 1e3, 6, 4, 5},
                       (const char *const[]){"y3", "y1", "y 2"});
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

static void converted_labels_fit_those_of_the_training_rows(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data_options o = options("y1,y3"), like = TW_DATA_OPTIONS_INIT;
    o.without = "id \"y 2\"";
    tw_data *train = open_path(ctx, TABLE, &o);
    like.schema = info_of(train).schema;
    convert(ctx, TABLE, &like, ROWS);
    tw_data *test = open_path(ctx, ROWS, &like);
    assert_string_equal(info_of(test).fingerprint, info_of(train).fingerprint);
    tw_data_free(test);
    o.label = "y3,y1";
    convert(ctx, TABLE, &o, ROWS);
    expect_error(
        ctx, ROWS, &like, TW_ERR_DATA,
        "its columns of labels are not those of the training rows; convert it with the training rows'");
    like.unlabelled = 1;
    test = open_path(ctx, ROWS, &like);
    expect(test, 3, 2, x);
    tw_data_free(test);
    tw_data_free(train);
    tw_context_free(ctx);
}

static void what_can_fail_fails(void **state)
{
    (void)state;
    tw_data_options o = options("y1,y3"), plain = TW_DATA_OPTIONS_INIT;
    survives_faults(TABLE, &o, 1, 1);
    for (o.window = 0; o.window < 2; o.window++)
        for (fault_walk k = {.in_files = 0, .for_ever = 1, .least = 10}; fault_walk_next(&k);) {
            remove(ROWS);
            fault_walk_arm(&k);
            fault_walk_end(&k, tw_data_convert(k.ctx, TABLE, &o, ROWS, NULL));
            assert_int_equal(access(ROWS ".targets.thalweg-partial", F_OK), -1);
        }
    survives_faults(ROWS, &plain, 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_named_in_any_order),
        cmocka_unit_test(a_single_label_is_as_before),
        cmocka_unit_test(other_files_are_read_by_the_schema),
        cmocka_unit_test(labels_of_other_files_keep_their_names),
        cmocka_unit_test(several_files_are_one_table),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(damaged_schemas_are_refused),
        cmocka_unit_test(converted_rows_have_the_same_bits),
        cmocka_unit_test(converted_labels_fit_those_of_the_training_rows),
        cmocka_unit_test(what_can_fail_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
