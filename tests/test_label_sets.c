/* LIBSVM's rows with several labels each: targets of 0 and 1 that keep the labels' names, in memory and
 * converted.
 * SPDX-License-Identifier: MIT */
#include "row_files.h"

#define PATH(name) TW_BINARY_DIR "/test_label_sets." name
#define ROWS PATH("rows")
#define OTHER PATH("other")
#define CONVERTED PATH("twd")
enum { MOST = 5 };

static void put(const char *path, const char *text) { write_file(path, text, strlen(text)); }

static tw_data *open_text(tw_context *ctx, const char *text, const tw_data_options *o)
{
    put(ROWS, text);
    return open_path(ctx, ROWS, o);
}

/* names: n of them; sets: of each row its targets as digits. */
static void expect(const tw_data *data, size_t n, const char *const *names, const char *const *sets)
{
    const tw_data_info r = info_of(data);
    assert_int_equal(r.n_targets, n);
    assert_null(r.labels);
    assert_null(r.class_names);
    assert_non_null(r.starts);
    for (size_t k = 0; k < n; k++) assert_string_equal(r.target_names[k], names[k]);
    for (uint64_t i = 0; i < r.rows; i++)
        for (size_t k = 0; k < n; k++)
            if (r.targets[i * n + k] != sets[i][k] - '0')
                fail_msg("row %d, label %s: %g", (int)i + 1, names[k], r.targets[i * n + k]);
}

/* ---- labels -------------------------------------------------------------------------------------------- */

/* By value where all are numbers, else by their bytes; one spelled in several ways is named as at first. */
static void sets_become_targets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *names[MOST], *sets[MOST];
    } cases[] = {
        {"1,3 4:0.5\n3 1:1\n10,1 2:1\n", 3, {"1", "3", "10"}, {"110", "010", "101"}},
        {"1,3 4:0.5\n 1:1\n2:1 3:1\n3\n", 2, {"1", "3"}, {"11", "00", "00", "01"}},
        {"news,sport 1:1\nart 1:1\nnews 1:2\n", 3, {"art", "news", "sport"}, {"011", "100", "010"}},
        {"+1,-1 1:1\n1.0 1:2\n-1e0 1:3\n", 2, {"-1", "+1"}, {"11", "01", "10"}},
        {"1,x 1:1\n1.0 1:2\n", 3, {"1", "1.0", "x"}, {"101", "010"}},
        {"9007199254740992,9007199254740993 1:1\n", 2, {"9007199254740992", "9007199254740993"}, {"11"}},
        {"0.5,2 qid:3 1:1\nqid:4 1:1\n2 qid:3\n", 2, {"0.5", "2"}, {"11", "00", "01"}},
        {"3\n4 1:1 # 1,2\n5,4 1:1\n", 3, {"3", "4", "5"}, {"100", "010", "011"}},
    };
    tw_context *ctx = context(1, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_data *data = open_text(ctx, cases[i].text, NULL);
        expect(data, cases[i].n, cases[i].names, cases[i].sets);
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

static void other_rows_have_the_same_labels(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data *train = open_text(ctx, "1,3 4:0.5\n10,1 2:1\n", NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    const char *const names[] = {"1", "3", "10"};
    o.schema = info_of(train).schema;
    tw_data *data = open_text(ctx, "3.0 1:1\n 1:1\n1e0,3 2:1\n", &o); /* no row need have several */
    expect(data, 3, names, (const char *const[]){"010", "000", "110"});
    assert_string_equal(info_of(data).schema, o.schema);
    tw_data_free(data);
    put(ROWS, "1 1:1\n7,1 1:1\n");
    expect_error(ctx, ROWS, &o, TW_ERR_DATA,
                 ROWS ": label \"7\" of row 2 is not among the 3 training labels, 1 to 10");
    o.unlabelled = 1;
    data = open_path(ctx, ROWS, &o);
    assert_null(info_of(data).targets);
    tw_data_free(data);
    tw_data_free(train);
    train = open_text(ctx, "1 1:1\n2 2:1\n", NULL);
    o = (tw_data_options)TW_DATA_OPTIONS_INIT;
    o.schema = info_of(train).schema;
    put(OTHER, "1 1:1\n1,2 1:1\n");
    expect_error(ctx, OTHER, &o, TW_ERR_DATA,
                 OTHER ":2: byte 1: label \"1,2\": rows have one label, as the training rows have");
    tw_data_free(train);
    tw_context_free(ctx);
}

static void test_rows_and_validation_rows_are_of_these_labels(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_data *part[3];
    tw_error err;
    const char *const names[] = {"a", "b"};
    put(ROWS, "a,b 1:1\na 1:2\nb 1:3\na 1:4\n");
    put(OTHER, "b 1:1\n 1:1\n");
    o.test = OTHER;
    o.val = 0.25;
    if (tw_data_open(ctx, ROWS, &o, &part[0], &part[1], &part[2], &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(info_of(part[0]).rows, 3);
    assert_int_equal(info_of(part[1]).n_targets, 2);
    expect(part[2], 2, names, (const char *const[]){"01", "00"});
    for (int i = 0; i < 3; i++) tw_data_free(part[i]);
    tw_context_free(ctx);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"1,,3 1:1\n", ":1: byte 3: a label is missing in \"1,,3\"; write several as 1,3"},
        {"1,3 1:1\n3, 1:1\n", ":2: byte 3: a label is missing in \"3,\""},
        {",1 1:1\n", ":1: byte 1: a label is missing in \",1\""},
        {"1,nan 1:1\n", ":1: byte 3: label \"nan\" is not a finite"},
        {"1,3 1:1\n1,1e400 1:1\n", ":2: byte 3: label 1e400 is too large"},
        {"1,a\1b 1:1\n", ":1: byte 4: control character \"\\x01\" in a label"},
        {"a\xff,1 1:1\n", ":1: byte 2: label \"a\\xff\" is not UTF-8"},
        {"1,3 1:1\n3,1,3 1:1\n", ": label 3 appears twice in \"3,1,3\""},
        {"1,1.0 1:1\n", ": label 1 appears twice in \"1,1.0\""},
        {"1 1:1\n2:1\n2 1:1\n", ":2: byte 1: \"2:1\" is not a label; rows without labels"},
    };
    tw_context *ctx = context(1, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(ROWS, cases[i].text);
        expect_error(ctx, ROWS, NULL, TW_ERR_DATA, cases[i].message);
    }
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    put(ROWS, "1,3 1:1\n1 1:1\n3 2:1\n");
    for (o.one_target = 0; o.one_target < 2; o.one_target++) {
        o.targets = o.one_target ? TW_TARGETS_AUTO : TW_TARGETS_CLASSES;
        expect_error(
            ctx, ROWS, &o, TW_ERR_DATA,
            ROWS ":1: byte 1: label \"1,3\": the model learns one label of each row; networks that end in");
    }
    convert(ctx, ROWS, NULL, CONVERTED);
    expect_error(ctx, CONVERTED, &o, TW_ERR_DATA,
                 CONVERTED ": rows have any number of 2 labels, and the model learns one label of each row");
    o = (tw_data_options)TW_DATA_OPTIONS_INIT;
    o.skip_bad = 1;
    put(ROWS, "1,3, 1:1\n1 1:1\n");
    expect_error(ctx, ROWS, &o, TW_ERR_DATA,
                 "rows with several labels were left out, and the others have one");
    put(ROWS, "1,3 1:1\n1, 1:1\n 2:1\n");
    tw_data *data = open_path(ctx, ROWS, &o);
    expect(data, 2, (const char *const[]){"1", "3"}, (const char *const[]){"11", "00"});
    tw_data_free(data);
    tw_context_free(ctx);
}

static void damaged_schemas_are_refused(void **state)
{
    (void)state;
#define LABELS(labels) "{\"width\":2,\"base\":1,\"label\":" labels "}"
    static const char *const wrong[] = {
        LABELS("{\"name\":\"1\",\"at\":0}"),
        LABELS("[{\"name\":\"1\",\"at\":0}]"),
        LABELS("[{\"name\":\"1\",\"at\":0},{\"at\":1}]"),
        LABELS("[{\"name\":\"1\",\"at\":0},{\"name\":\"1\",\"at\":1}]"),
        LABELS("[{\"name\":\"1\",\"at\":1},{\"name\":\"2\",\"at\":0}]"),
        LABELS("[{\"name\":\"1\",\"at\":0},{\"name\":\"2\",\"at\":2}]"),
    };
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    put(ROWS, "2 1:1\n");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        o.schema = wrong[i];
        expect_error(ctx, ROWS, &o, TW_ERR_DATA, "the description of the columns is damaged: label");
    }
    o.schema = LABELS("[{\"name\":\"1\",\"at\":0},{\"name\":\"2\",\"at\":1}]");
    tw_data *data = open_path(ctx, ROWS, &o);
    expect(data, 2, (const char *const[]){"1", "2"}, (const char *const[]){"01"});
    tw_data_free(data);
    tw_context_free(ctx);
}

/* ---- many rows ----------------------------------------------------------------------------------------- */

/* n rows with none to three labels, each. */
static void write_many(int n)
{
    FILE *f = fopen(ROWS, "w");
    unsigned state = 1;
    assert_non_null(f);
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i % 4; k++) fprintf(f, k ? ",%d" : "%d", (i + k * (1 + i % 7)) % 40);
        for (int k = 1; k <= 3; k++) {
            state = state * 1664525 + 1013904223;
            fprintf(f, " %d:%g", k, (double)(state >> 24) / 64);
        }
        fprintf(f, "\n");
    }
    assert_int_equal(fclose(f), 0);
}

/* For any number of threads, from a pipe, converted in memory and, with a small window, through files. */
static void many_rows_have_the_same_bits(void **state)
{
    (void)state;
    enum { MANY = 30000 };
    static char text[4 << 20];
    char first[FINGERPRINT], other[FINGERPRINT];
    write_many(MANY);
    for (int threads = 1; threads <= 4; threads += 3) {
        tw_context *ctx = context(threads, NULL);
        fingerprint_of(ctx, ROWS, NULL, threads == 1 ? first : other);
        if (threads > 1) assert_string_equal(first, other);
        for (uint64_t window = 0; window < 2; window++) {
            tw_data_options o = TW_DATA_OPTIONS_INIT;
            o.window = window;
            convert(ctx, ROWS, &o, CONVERTED);
            tw_data *a = open_path(ctx, ROWS, NULL), *b = open_path(ctx, CONVERTED, NULL);
            assert_string_equal(info_of(b).fingerprint, first);
            assert_string_equal(info_of(a).schema, info_of(b).schema);
            assert_string_equal(info_of(b).target_names[11], info_of(a).target_names[11]);
            tw_data_free(a);
            tw_data_free(b);
        }
        tw_context_free(ctx);
    }
    tw_context *ctx = context(2, NULL);
    FILE *f = fopen(ROWS, "r");
    const size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    assert_true(n > 1 << 19 && n < sizeof text); /* more than the head that is looked at */
    fingerprint_of_pipe(ctx, PATH("pipe"), text, n, NULL, other);
    assert_string_equal(first, other);
    tw_context_free(ctx);
}

static void what_can_fail_fails(void **state)
{
    (void)state;
    tw_data_options plain = TW_DATA_OPTIONS_INIT, o = TW_DATA_OPTIONS_INIT;
    put(ROWS, "a,b 1:1\n 1:2\nb,c 1:3\na 1:4\n");
    put(OTHER, "b 1:1\n 1:1\na,c 3:1\n");
    o.test = OTHER;
    survives_faults(ROWS, &o, 1, 1);
    survives_faults(ROWS, &o, 0, 1);
    for (plain.window = 0; plain.window < 2; plain.window++)
        for (int in_files = 0; in_files < 2; in_files++)
            for (fault_walk k = {.in_files = in_files, .for_ever = 1, .least = 10}; fault_walk_next(&k);) {
                remove(CONVERTED);
                fault_walk_arm(&k);
                fault_walk_end(&k, tw_data_convert(k.ctx, ROWS, &plain, CONVERTED, NULL));
                if (!in_files) assert_int_equal(access(CONVERTED ".targets.thalweg-partial", F_OK), -1);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_become_targets),
        cmocka_unit_test(other_rows_have_the_same_labels),
        cmocka_unit_test(test_rows_and_validation_rows_are_of_these_labels),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(damaged_schemas_are_refused),
        cmocka_unit_test(many_rows_have_the_same_bits),
        cmocka_unit_test(what_can_fail_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
