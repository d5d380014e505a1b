/* csv: tables against hand-made ones and real files, headers, columns, texts and missing values, what each
 * wrong line is told, the same bits however the text is cut, packed and read, and everything that can fail
 * failing in turn.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "base/random.h"
#include "faulty_io.h"
#include "table_rows.h"
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PATH(name) TW_BINARY_DIR "/test_csv." name
#define TABLE PATH("table")
#define OTHER PATH("other")
#define SHARED TW_SOURCE_DIR "/../shared/data/"

/* The text, which is known by its content, holds these rows, with labels that are not looked at. */
static void expect_text(const char *text, size_t n, const tw_data_options *o, uint64_t rows, int64_t width,
                        const double *x)
{
    tw_context *ctx = context(1, NULL);
    write_file(TABLE, text, n);
    tw_data *data = open_path(ctx, TABLE, o);
    expect(data, rows, width, x);
    tw_data_free(data);
    tw_context_free(ctx);
}
#define EXPECT(text, o, rows, width, ...) \
    expect_text(text, sizeof text - 1, o, rows, width, (const double[]){__VA_ARGS__})

/* ---- tables -------------------------------------------------------------------------------------------- */

static void the_same_table_in_other_words(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b,c"}, *const classes[] = {"0", "1"};
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.targets = TW_TARGETS_CLASSES;
    static const char text[] = "\xef\xbb\xbf\"a\",\"b,c\",y\r\n1,2,0\r\n3,4,1"; /* case C1 */
    write_file(TABLE, text, sizeof text - 1);
    tw_data *data = open_path(ctx, TABLE, &o);
    expect(data, 2, 2, (const double[]){1, 2, 3, 4});
    expect_names(data, names);
    expect_labels(data, 2, classes, (const int32_t[]){0, 1});
    tw_data_free(data);
    tw_context_free(ctx);
    EXPECT("a,b,y\n1,2,0\n3,4,1\n", NULL, 2, 2, 1, 2, 3, 4);
    EXPECT("a;b;y\n1;2;0\n3;4;1\n\n\n", NULL, 2, 2, 1, 2, 3, 4);
    EXPECT("a\tb\ty\r\n1\t2\t0\r\n\r\n3\t4\t1", NULL, 2, 2, 1, 2, 3, 4);
    EXPECT("1,2,0\n3,4,1\n", NULL, 2, 2, 1, 2, 3, 4);
    EXPECT("\n 1 , 2 ,0\n3,\t4 ,1 \n", NULL, 2, 2, 1, 2, 3, 4);
    EXPECT("\"1\",\"2\",\"0\"\n\"3\",\"4\",\"1\"\n", NULL, 2, 2, 1, 2, 3, 4);
    EXPECT("  1  2   0 \n 3 4\t 1", NULL, 2, 2, 1, 2, 3, 4);
    EXPECT("# made by hand, 2026\n\na b y\n1 2 0\n3 4 1\n", NULL, 2, 2, 1, 2, 3, 4);
    EXPECT("-1.5e-3,0.1,y\n+2,1e30,n\n", NULL, 2, 2, -1.5e-3, 0.1, 2, 1e30);
    EXPECT("a;b;y\n1.5;\"p;q\";0\n3;\"r\n\"\"s\"\"\";1\n", NULL, 2, 3, 1.5, 1, 0, 3, 0, 1);
}

static void labels_by_name_or_number(void **state)
{
    (void)state;
    static const char *const yes_no[] = {"no", "yes"};
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    static const char text[] = "a,class,b\n1,yes,2\n3,no,4\n5,yes,6\n7,no,8\n";
    static const char *const same[] = {"class", "2", "-2"};
    write_file(TABLE, text, sizeof text - 1);
    for (int i = 0; i < 3; i++) {
        o.label = same[i];
        tw_data *data = open_path(ctx, TABLE, &o);
        expect(data, 4, 2, (const double[]){1, 2, 3, 4, 5, 6, 7, 8});
        expect_labels(data, 2, yes_no, (const int32_t[]){1, 0, 1, 0});
        tw_data_free(data);
    }
    o.unlabelled = 1; /* the label is no column then either */
    EXPECT("a,class,b\n1,yes,2\n3,no,4\n", &o, 2, 2, 1, 2, 3, 4);
    o.label = NULL;
    EXPECT("a,b\n1,2\n3,4\n", &o, 2, 2, 1, 2, 3, 4);
    tw_context_free(ctx);
}

/* A header is known by texts above numbers, or by a name that an option gives. */
static void headers(void **state)
{
    (void)state;
    char log[LOGGED];
    tw_context *ctx = context(1, log);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    EXPECT("red,round,a\nblue,long,b\n", NULL, 2, 4, 0, 1, 0, 1, 1, 0, 1, 0);
    o.label = "kind";
    EXPECT("colour,form,kind\nred,round,a\nblue,long,b\n", &o, 2, 4, 0, 1, 0, 1, 1, 0, 1, 0);
    static const char text[] = "0,1,target\n5,6,7\n8,9,10\n";
    write_file(TABLE, text, sizeof text - 1);
    tw_data *data = open_path(ctx, TABLE, NULL);
    expect(data, 2, 2, (const double[]){5, 6, 8, 9});
    assert_non_null(strstr(log, "the first row is taken for names of columns, 2 of which are numbers"));
    tw_data_free(data);
    tw_context_free(ctx);
}

static void columns_taken_and_left_out(void **state)
{
    (void)state;
    static const char text[] = "id,a,long name,c,y\nq1,1,2,3,0\nq2,4,5,6,1\n";
    static const struct {
        const char *columns, *without;
        int64_t width;
        double x[6];
    } cases[] = {
        {"a c", NULL, 2, {1, 3, 4, 6}},      {"2-4", NULL, 3, {1, 2, 3, 4, 5, 6}},
        {NULL, "id", 3, {1, 2, 3, 4, 5, 6}}, {NULL, "1,\"long name\"", 2, {1, 3, 4, 6}},
        {"2-4", "c a", 1, {2, 5}},           {"-2", NULL, 1, {3, 6}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_data_options o = TW_DATA_OPTIONS_INIT;
        o.columns = cases[i].columns;
        o.without = cases[i].without;
        expect_text(text, sizeof text - 1, &o, 2, cases[i].width, cases[i].x);
    }
}

static void weights_and_groups(void **state)
{
    (void)state;
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    static const char text[] = "w,x,who,y\n1.5,2,7,0\n2,3,ann,1\n4,5,ann,0\n";
    o.row_weight = "w";
    o.group_by = "3";
    write_file(TABLE, text, sizeof text - 1);
    tw_data *data = open_path(ctx, TABLE, &o);
    expect(data, 3, 1, (const double[]){2, 3, 5});
    const tw_data_info r = info_of(data);
    assert_true(r.weights[0] == 1.5 && r.weights[1] == 2 && r.weights[2] == 4);
    assert_true(r.groups[0] == 7 && r.groups[1] != 7 && r.groups[1] == r.groups[2]);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* Texts become a column of 0 and 1 each, in the order of their bytes. */
static void texts_become_columns(void **state)
{
    (void)state;
    static const char *const names[] = {"size", "colour=a \"b\"", "colour=blue", "colour=red", "last"};
    tw_context *ctx = context(1, NULL);
    static const char text[] =
        "size,colour,last,y\n1,red,5,0\n2,\"a \"\"b\"\"\",6,1\n3,blue,7,0\n4,red,8,1\n";
    write_file(TABLE, text, sizeof text - 1);
    tw_data *data = open_path(ctx, TABLE, NULL);
    expect(data, 4, 5, (const double[]){1, 0, 0, 1, 5, 2, 1, 0, 0, 6, 3, 0, 1, 0, 7, 4, 0, 0, 1, 8});
    expect_names(data, names);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void missing_values(void **state)
{
    (void)state;
    static const char text[] = "a,b,c,y\n1,,p,0\n3,4,?,1\nNA,2,q,0\n5,NaN,p,1\n7,n/a,q,1\n8,Null,p,0\n";
    char log[LOGGED];
    tw_context *ctx = context(1, log);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.missing = "zero";
    EXPECT(text, &o, 6, 4, 1, 0, 1, 0, 3, 4, 0, 0, 0, 2, 0, 1, 5, 0, 1, 0, 7, 0, 0, 1, 8, 0, 1, 0);
    o.missing = "mean";
    EXPECT(text, &o, 6, 4, 1, 3, 1, 0, 3, 4, 0, 0, 4.8, 2, 0, 1, 5, 3, 1, 0, 7, 3, 0, 1, 8, 3, 1, 0);
    o.missing = "skip";
    EXPECT("t,a,y\nred,1,0\nblue,,1\nred,3,1\n", &o, 2, 2, 1, 1, 1, 3); /* nor does its text count */
    static const char few[] = "a,y\n1,0\n,1\n2,?\n3,1\n";
    write_file(TABLE, few, sizeof few - 1);
    tw_data *data = open_path(ctx, TABLE, &o);
    expect(data, 2, 1, (const double[]){1, 3});
    assert_non_null(strstr(log, "2 rows with a missing value left out"));
    tw_data_free(data);
    tw_context_free(ctx);
}

/* ---- errors -------------------------------------------------------------------------------------------- */

static void wrong_rows(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"1,2,0,",
         "byte 7: 4 columns, but the header has 3; a separator at the end begins one more, which is empty"},
        {"1,2,0,5,6", "5 columns, but the header has 3"},
        {"1,2", "byte 4: 2 columns, but the header has 3"},
        {"1,,0", "byte 3: column 2 \"b\": the value is missing; option missing"},
        {"NA,1,0", "byte 1: column 1 \"a\": the value is missing (NA)"},
        {"1,nan,0", "byte 3: column 2 \"b\": the value is missing (nan)"},
        {"1,2,", "byte 5: column 3 \"y\": the value is missing"},
        {"1,inf,0", "byte 3: column 2 \"b\": \"inf\" is not a finite number"},
        {"1,0x10,0", "\"0x10\" is not a finite number"},
        {"1,abc,0", "\"abc\" is not a finite number such as -1.5e-3; option without leaves a column out"},
        {"1 2,1,0", "\"1 2\" is not a finite number"},
        {"1e999,1,0", "byte 1: column 1 \"a\": 1e999 is too large for a double"},
        {"1e-999,1,0", "1e-999 is too small for a double"},
        {"1,2,inf", "byte 5: column 3 \"y\": label inf is not a finite number"},
        {"1,2,1e999", "label 1e999 is not a finite number"},
        {"1,2,\xff", "byte 5: column 3 \"y\": the label is not UTF-8"},
        {"1,\"2,0", "byte 3: column 2 \"b\": a quote that is never closed"},
        {"1,2\"3,0", "byte 4: column 2 \"b\": a quote within a field that does not begin with one"},
        {"\"1\"x,2,0", "byte 4: column 1 \"a\": something follows a closing quote"},
        {"1,\"\"2,0", "something follows a closing quote"},
        {"1,2\r\r3,0", "byte 4: column 2 \"b\": a carriage return within a line, which ends with"},
        {"1,2,0\r\r", "byte 6: column 3 \"y\": a carriage return within a line"},
    };
    tw_context *ctx = context(1, NULL);
    char text[256], message[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int last = 0; last < 2; last++) {
            snprintf(text, sizeof text, "a,b,y\n1,2,0\n3,4,1\n5,6,0\n5,6,1\n%s%s", cases[i].line,
                     last ? "" : "\n1,2,0\n");
            snprintf(message, sizeof message, "table:6: %s",
                     strncmp(cases[i].message, "byte", 4) ? "" : cases[i].message);
            write_file(TABLE, text, strlen(text));
            expect_error(ctx, TABLE, NULL, TW_ERR_DATA, message);
            expect_error(ctx, TABLE, NULL, TW_ERR_DATA, cases[i].message);
        }
    tw_context_free(ctx);
}

static void wrong_files_and_options(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tw_data_options o;
        tw_status status;
        const char *message;
    } cases[] = {
        {"a,b,y,\n1,2,0\n3,4,1\n", {0}, TW_ERR_DATA, "table:2: byte 6: 3 columns, but the header has 4"},
        {"a,b,y,\n1,2,0,\n3,4,1,\n",
         {0},
         TW_ERR_DATA,
         "table:2: byte 7: column 4 \"4\": the value is missing"},
        {"a,a,y\n1,2,0\n", {0}, TW_ERR_DATA, "table:1: columns 1 and 2 are both called \"a\""},
        {"2,,y\n1,2,0\n", {0}, TW_ERR_DATA, "table:1: columns 1 and 2 are both called \"2\""},
        {"a,b,y\r1,2,0\r3,4,1\r", {0}, TW_ERR_DATA, "a text file whose lines end with \\r alone; "},
        {"a,b,y\r\r\n1,2,0\r\r\n",
         {.format = "csv"},
         TW_ERR_DATA,
         "table:1: a carriage return within a line"},
        {"a;b;y\n1,5;2;0\n-3,25e1;4;1\n", {0}, TW_ERR_DATA, "column 1 \"a\": \"1,5\" is not a finite number"},
        {"1 2 0\n3 4 \n5 6 1\n",
         {.missing = "zero", .label = "1"},
         TW_ERR_DATA,
         "table:2: byte 5: 2 columns, but the first row has 3"},
        {"1 2 0\n3 4.5\t \n5 6 1\n", {.missing = "zero", .label = "1"}, TW_ERR_DATA, "2 columns, but"},
        {"1,2,0\n3,4,1\n", {.label = "quality"}, TW_ERR_SPEC, "label = quality: " TABLE " has no header"},
        {"a,quality\n1,2\n3,4\n",
         {.label = "qualty"},
         TW_ERR_SPEC,
         "label: unknown column \"qualty\" (did you mean \"quality\"?)"},
        {"1,2,0\n3,4,1\n", {.label = "4"}, TW_ERR_SPEC, "has columns 1 to 3, or -1 (the last) to -3"},
        {"1,2,0\n3,4,1\n", {.label = "0"}, TW_ERR_SPEC, "has columns 1 to 3, or -1"},
        {"1,2,0\n3,4,1\n", {.columns = "2-9"}, TW_ERR_SPEC, "columns = 2-9: "},
        {"1,2,0\n3,4,1\n", {.columns = "2-1"}, TW_ERR_SPEC, "columns = 2-1: the range runs backwards"},
        {"1,2,0\n3,4,1\n", {.columns = "1 \"\" 2"}, TW_ERR_SPEC, "columns: \"\" names no column of "},
        {"1,2,0\n3,4,1\n", {.without = "1-2"}, TW_ERR_DATA, "no column is left to learn from (of 3)"},
        {"1,2,0\n3,4,1\n", {.without = "3"}, TW_ERR_SPEC, "is the label; option label names another"},
        {"1,2,0\n3,4,1\n",
         {.row_weight = "-1"},
         TW_ERR_SPEC,
         "column 3 of " TABLE " already has another part"},
        {"1,2,0\n3,0,1\n",
         {.row_weight = "2"},
         TW_ERR_DATA,
         "table:2: byte 3: column 2: weight 0 is not above 0"},
        {"1,2,0\n3,4,1\n", {.missing = "ignore"}, TW_ERR_SPEC, "missing = ignore is none of"},
        {"1,2,0\n3,4,1\n", {.features = 3}, TW_ERR_SPEC, "option features is for LIBSVM files"},
        {"?,2,0\n?,4,1\n", {.missing = "mean"}, TW_ERR_DATA, "column 1 has no value"},
        {"\n\n", {.format = "csv"}, TW_ERR_DATA, "holds no rows"},
        {"", {.format = "csv"}, TW_ERR_DATA, "holds no rows"},
        {"a,b,y\n", {0}, TW_ERR_DATA, "a text file"},
        {"x,y\n1,a\1b\n",
         {0},
         TW_ERR_DATA,
         "table: byte 7: the control character 0x01, which no text file holds"},
        {"\"a,b,y\n", {.format = "csv"}, TW_ERR_DATA, "table:1: a quote that is never closed"},
        {"It was the best of times,\nit was the worst of times.\n", {0}, TW_ERR_DATA, "a text file"},
    };
    tw_context *ctx = context(1, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_data_options o = cases[i].o;
        o.size = sizeof o;
        write_file(TABLE, cases[i].text, strlen(cases[i].text));
        expect_error(ctx, TABLE, &o, cases[i].status, cases[i].message);
    }
    tw_context_free(ctx);
}

/* A header that is longer than what a file is known by, plain and in quotes. */
static void long_headers(void **state)
{
    (void)state;
    enum { COLUMNS = 9000, SIZE = 20 * COLUMNS };
    char *text = malloc(SIZE);
    assert_non_null(text);
    tw_context *ctx = context(1, NULL);
    for (int quoted = 0; quoted < 2; quoted++) {
        size_t n = 0;
        for (int i = 0; i < COLUMNS; i++)
            n += (size_t)snprintf(text + n, SIZE - n, quoted ? "\"column%d\"%c" : "column%d%c", i,
                                  i + 1 < COLUMNS ? ',' : '\n');
        for (int i = 0; i < 2 * COLUMNS; i++)
            n += (size_t)snprintf(text + n, SIZE - n, "%d%c", i % 7 % 2, (i + 1) % COLUMNS ? ',' : '\n');
        write_file(TABLE, text, n);
        tw_data *data = open_path(ctx, TABLE, NULL);
        const tw_data_info r = info_of(data);
        assert_true(r.rows == 2 && r.shape[0] == COLUMNS - 1);
        assert_string_equal(r.column_names[8000], "column8000");
        tw_data_free(data);
    }
    tw_context_free(ctx);
    free(text);
}

/* Numbers that are names: a column for each, known again in other files. */
static void numbers_as_names(void **state)
{
    (void)state;
    static const char text[] = "user,age,item,y\n7,30,5,1\n07,31,5,2\n7,32,12,3\n";
    static const char *const names[] = {"user=07", "user=7", "age", "item=12", "item=5"};
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.categories = "user 3";
    write_file(TABLE, text, sizeof text - 1);
    tw_data *data = open_path(ctx, TABLE, &o);
    expect(data, 3, 5, (const double[]){0, 1, 30, 0, 1, 1, 0, 31, 0, 1, 0, 1, 32, 1, 0});
    expect_names(data, names);
    tw_data_free(data);
    o.categories = "y";
    expect_error(ctx, TABLE, &o, TW_ERR_SPEC,
                 "categories: column 4 \"y\" of " TABLE " is not among the columns to learn from");
    o.categories = "*"; /* rows are sparse, however few columns there are */
    o.without = "age";
    data = open_path(ctx, TABLE, &o);
    const tw_data_info r = info_of(data);
    static const uint32_t columns[] = {1, 3, 0, 3, 1, 2};
    assert_true(r.rows == 3 && r.shape[0] == 4 && r.starts && r.starts[3] == 6);
    assert_memory_equal(r.columns, columns, sizeof columns);
    write_file(OTHER, "item,user\n5,7\n", 14);
    o = (tw_data_options)TW_DATA_OPTIONS_INIT;
    o.schema = r.schema;
    o.unlabelled = 1;
    tw_data *other = open_path(ctx, OTHER, &o);
    expect(other, 1, 4, (const double[]){0, 1, 0, 1});
    tw_data_free(other);
    o.categories = "user";
    expect_error(ctx, OTHER, &o, TW_ERR_SPEC, "option categories: the columns are those that");
    tw_data_free(data);
    write_file(TABLE, "1 2:1\n", 6);
    o = (tw_data_options)TW_DATA_OPTIONS_INIT;
    o.categories = "*"; /* which other formats ignore */
    tw_data_free(open_path(ctx, TABLE, &o));
    o.categories = "2";
    expect_error(ctx, TABLE, &o, TW_ERR_SPEC, "option categories is for tables;");
    tw_context_free(ctx);
}

/* A column of too many texts is told of, and can be left out. */
static void too_many_texts(void **state)
{
    (void)state;
    enum { ROWS = 100001, SIZE = 32 * ROWS };
    char *text = malloc(SIZE);
    assert_non_null(text);
    size_t n = 0;
    for (int i = 0; i < ROWS; i++) n += (size_t)snprintf(text + n, SIZE - n, "id%d,%d,%d\n", i, i, i % 2);
    tw_context *ctx = context(1, NULL);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    write_file(TABLE, text, n);
    expect_error(
        ctx, TABLE, NULL, TW_ERR_DATA,
        "table: column 1 has 100001 different texts, of 1 to 100000; option hash_bits hashes them, option without leaves a column out");
    o.without = "1";
    tw_data_free(open_path(ctx, TABLE, &o));
    write_file(TABLE, text, (size_t)(strstr(text, "id1001,") - text));
    o = (tw_data_options)TW_DATA_OPTIONS_INIT;
    o.type = TW_F32; /* rows are dense */
    expect_error(ctx, TABLE, &o, TW_ERR_DATA, "table: column 1 has 1001 different texts, of 1 to 1000;");
    tw_context_free(ctx);
    free(text);
}

static void bad_rows_may_be_left_out(void **state)
{
    (void)state;
    static const char text[] = "a,b,y\n1,2,p\n3,x,q\n5,6\n7,8\"9,q\n9,10,q\n";
    char log[LOGGED];
    tw_context *ctx = context(1, log);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    write_file(TABLE, text, sizeof text - 1);
    o.skip_bad = 2;
    expect_error(ctx, TABLE, &o, TW_ERR_DATA, "more than 2 bad rows");
    o.skip_bad = 3;
    tw_data *data = open_path(ctx, TABLE, &o);
    expect(data, 2, 2, (const double[]){1, 2, 9, 10});
    assert_int_equal(info_of(data).left_out, 3);
    assert_non_null(strstr(log, TABLE ":3: byte 3: column 2 \"b\": \"x\""));
    assert_non_null(strstr(log, "3 bad rows left out"));
    tw_data_free(data);
    static const char none[] = "t,a,b\np,1,\nq,2,3\n"; /* texts of rows that are left out */
    write_file(TABLE, none, sizeof none - 1);
    o.skip_bad = 2;
    o.row_weight = "a";
    o.label = "t";
    o.missing = NULL;
    data = open_path(ctx, TABLE, &o);
    expect(data, 1, 1, (const double[]){3});
    tw_data_free(data);
    tw_context_free(ctx);
}

/* ---- files, pieces, threads ---------------------------------------------------------------------------- */

/* Rows with texts over several lines, which many pieces hold. Returns the length. */
static size_t make_table(char *to, size_t capacity)
{
    static const char *const texts[] = {"plain", "\"quoted, \"\"twice\"\"\"", "\"over\ntwo lines\"",
                                        "\"a\r\n,b\"", ""};
    size_t n = (size_t)sprintf(to, "a,\"b\nc\",text,d,y\n");
    for (uint64_t row = 0; n + 256 < capacity; row++) {
        const uint64_t at = row << 8;
        const int text = (int)(tw__random_unit(7, TW__FOR_TEST, 2, at) * 5);
        const int digits = (int)(tw__random_unit(7, TW__FOR_TEST, 2, at + 1) * 18);
        n +=
            (size_t)sprintf(to + n, "%.*g,%d,%s,%.3f,%s\n", digits,
                            tw__random_unit(7, TW__FOR_TEST, 2, at + 2) - 0.5, (int)(row % 1000), texts[text],
                            tw__random_unit(7, TW__FOR_TEST, 2, at + 3), row % 3 ? "p" : "\"q\"");
    }
    return n;
}

static void the_same_bits_however_it_is_read(void **state)
{
    (void)state;
    enum { SIZE = 3 << 20 };
    static const char *const filters[] = {"gzip", "bzip2", "xz", "zstd", "lz4"};
    char *text = malloc(SIZE), first[FINGERPRINT], other[FINGERPRINT];
    assert_non_null(text);
    const size_t n = make_table(text, SIZE);
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.missing = "mean";
    tw_context *ctx = context(1, NULL);
    write_file(TABLE, text, n);
    fingerprint_of(ctx, TABLE, &o, first);
    tw_context_free(ctx);
    for (int threads = 2; threads <= 3; threads++) {
        ctx = context(threads, NULL);
        fingerprint_of(ctx, TABLE, &o, other);
        assert_string_equal(other, first);
        tw_context_free(ctx);
    }
    ctx = context(2, NULL);
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        pack(OTHER, filters[i], text, n);
        fingerprint_of(ctx, OTHER, &o, other);
        assert_string_equal(other, first);
    }
    fingerprint_of_pipe(ctx, OTHER, text, n, &o, other);
    assert_string_equal(other, first);
    tw_context_free(ctx);
    faults f; /* reads that are cut short */
    assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
    fingerprint_of(ctx, TABLE, &o, other);
    assert_string_equal(other, first);
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
    free(text);
}

static void real_files(void **state)
{
    (void)state;
    static const struct {
        const char *name, *label, *without;
        uint64_t rows;
        int64_t width;
        int32_t classes, first; /* rows of the first class */
    } files[] = {
        {"iris.data", NULL, NULL, 150, 4, 3, 50},
        {"wdbc.data", "2", "1", 569, 30, 2, 357},
        {"winequality-red.csv", NULL, NULL, 1599, 11, 6, 10},
        {"winequality-white.csv", NULL, NULL, 4898, 11, 7, 20},
        {"covtype.20k.data.xz", NULL, NULL, 20000, 54, 7, 2942},
        {"optdigits.tes.xz", NULL, NULL, 1797, 64, 10, 178},
    };
    char path[512];
    struct stat s;
    if (stat(SHARED "README.md", &s) != 0) skip();
    tw_context *ctx = context(2, NULL);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        int32_t first = 0;
        tw_data_options o = TW_DATA_OPTIONS_INIT;
        o.label = files[i].label;
        o.without = files[i].without;
        snprintf(path, sizeof path, SHARED "%s", files[i].name);
        tw_data *data = open_path(ctx, path, &o);
        const tw_data_info r = info_of(data);
        for (uint64_t k = 0; k < r.rows; k++) first += r.labels[k] == 0;
        if (r.rows != files[i].rows || r.shape[0] != files[i].width || r.classes != files[i].classes ||
            first != files[i].first)
            fail_msg("%s: %d x %d, %d classes, %d of the first", path, (int)r.rows, (int)r.shape[0],
                     r.classes, first);
        tw_data_free(data);
    }
    double sum = 0;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.targets = TW_TARGETS_REALS;
    tw_data *data = open_path(ctx, SHARED "cal_housing.data.xz", &o);
    const tw_data_info r = info_of(data);
    assert_int_equal(r.rows, 20640);
    assert_int_equal(r.shape[0], 8);
    assert_non_null(r.column_names);
    for (uint64_t i = 0; i < r.rows; i++) sum += r.targets[i];
    assert_int_equal((int)(sum / 20640), 206855);
    tw_data_free(data);
    expect_error(ctx, SHARED "winequality-red.csv", &(tw_data_options){.size = sizeof o, .label = "quality"},
                 TW_ERR_SPEC, "has no header with names of columns; give a number, 1 to 12 (-1: the last)");
    tw_context_free(ctx);
}

/* ---- failures ------------------------------------------------------------------------------------------ */

static void reading_survives_faults(void **state)
{
    (void)state;
    static const char text[] = "a,t,g,w,y\n1,p,x,1,0\n?,\"q\",x,2,1\nspam,p,y,1,1\n",
                      more[] = "y,w,g,a,t\n1,1,u,3,q\n";
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    write_file(TABLE, text, sizeof text - 1);
    write_file(OTHER, more, sizeof more - 1);
    o.more = o.test = OTHER;
    o.skip_bad = 1;
    o.missing = "mean";
    o.group_by = "g";
    o.row_weight = "w";
    for (int mode = 0; mode < 8; mode++) {
        o.without = mode & 4 ? "t" : NULL;
        survives_faults(TABLE, &o, mode & 2, mode & 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_table_in_other_words),
        cmocka_unit_test(labels_by_name_or_number),
        cmocka_unit_test(headers),
        cmocka_unit_test(columns_taken_and_left_out),
        cmocka_unit_test(weights_and_groups),
        cmocka_unit_test(texts_become_columns),
        cmocka_unit_test(missing_values),
        cmocka_unit_test(wrong_rows),
        cmocka_unit_test(wrong_files_and_options),
        cmocka_unit_test(long_headers),
        cmocka_unit_test(numbers_as_names),
        cmocka_unit_test(too_many_texts),
        cmocka_unit_test(bad_rows_may_be_left_out),
        cmocka_unit_test(the_same_bits_however_it_is_read),
        cmocka_unit_test(real_files),
        cmocka_unit_test(reading_survives_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
