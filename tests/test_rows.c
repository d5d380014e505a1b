/* Rows from memory of every kind: what goes in comes out, views are cut right, every number counts in the
 * fingerprint, and what is wrong is refused with its row.
 * SPDX-License-Identifier: MIT */
#include "context.h"
#include "fault_walk.h"
#include <math.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <thalweg/model.h>

/* Four rows of five columns: (2 0 1 0 0), (0 0 0 0 0), (0 4 0 0 -1), (0 0 0 7 0). */
static double values[] = {2, 1, 4, -1, 7};
static uint32_t columns[] = {0, 2, 1, 4, 3};
static uint64_t starts[] = {0, 2, 2, 4, 5};
static double dense[] = {2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, -1, 0, 0, 0, 7, 0};
static int32_t labels[] = {1, 0, 1, 2};
static double targets[] = {0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4}, weights[] = {1, 2, 0.5, 3};
static uint64_t groups[] = {7, 7, 9, 9};
static const char *const names[] = {"a", "b", "c", "d", "e"}, *const classes[] = {"ant", "bee", "cat"};

static tw_data_info sparse_rows(void)
{
    return (tw_data_info){.size = sizeof(tw_data_info),
                          .rows = 4,
                          .rank = 1,
                          .shape = {5},
                          .type = TW_F64,
                          .x = values,
                          .starts = starts,
                          .columns = columns,
                          .labels = labels,
                          .weights = weights,
                          .groups = groups,
                          .column_names = names,
                          .class_names = classes,
                          .classes = 3,
                          .name = "insects"};
}

static tw_data_info dense_rows(void)
{
    return (tw_data_info){.size = sizeof(tw_data_info),
                          .rows = 4,
                          .rank = 1,
                          .shape = {5},
                          .type = TW_F64,
                          .x = dense,
                          .targets = targets,
                          .n_targets = 2};
}

static tw_data_info info_of(const tw_data *data)
{
    tw_data_info info = {.size = sizeof info};
    assert_int_equal(tw_data_info_get(data, &info, NULL), TW_OK);
    return info;
}

static void sparse_rows_come_back(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_data *data;
    const tw_data_info in = sparse_rows();
    assert_int_equal(tw_data_create(&data, ctx, &in, NULL), TW_OK);
    const tw_data_info out = info_of(data);
    assert_true(out.rows == 4 && out.rank == 1 && out.shape[0] == 5 && out.type == TW_F64 &&
                out.classes == 3);
    assert_memory_equal(out.x, values, sizeof values);
    assert_memory_equal(out.columns, columns, sizeof columns);
    assert_memory_equal(out.starts, starts, sizeof starts);
    assert_memory_equal(out.labels, labels, sizeof labels);
    assert_memory_equal(out.weights, weights, sizeof weights);
    assert_memory_equal(out.groups, groups, sizeof groups);
    assert_true(out.x != values && out.starts != starts && out.labels != labels);
    for (int i = 0; i < 5; i++) assert_string_equal(out.column_names[i], names[i]);
    for (int i = 0; i < 3; i++) assert_string_equal(out.class_names[i], classes[i]);
    assert_string_equal(out.name, "insects");
    assert_null(out.targets);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void dense_rows_with_targets_come_back(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_data *data;
    const tw_data_info in = dense_rows();
    assert_int_equal(tw_data_create(&data, ctx, &in, NULL), TW_OK);
    const tw_data_info out = info_of(data);
    assert_memory_equal(out.x, dense, sizeof dense);
    assert_memory_equal(out.targets, targets, sizeof targets);
    assert_true(out.n_targets == 2 && !out.labels && out.classes == 0 && !out.starts && !out.class_names);
    assert_string_equal(out.name, "memory");
    tw_data_free(data);
    tw_context_free(ctx);
}

/* A view's fingerprint is that of the same rows made anew, so each field was cut at the right place. */
static void views_are_cut_in_every_field(void **state)
{
    (void)state;
    static uint64_t last_starts[] = {0, 2, 3};
    for (int sparse = 0; sparse < 2; sparse++) {
        tw_context *ctx = context(0);
        tw_data *all, *view, *anew;
        tw_data_info in = sparse ? sparse_rows() : dense_rows(), rest = in;
        rest.rows = 2;
        if (sparse) rest.x = values + 2, rest.columns = columns + 2, rest.starts = last_starts;
        else rest.x = dense + 10, rest.targets = targets + 4;
        if (sparse) rest.labels = labels + 2, rest.weights = weights + 2, rest.groups = groups + 2;
        assert_int_equal(tw_data_create(&all, ctx, &in, NULL), TW_OK);
        assert_int_equal(tw_data_create(&anew, ctx, &rest, NULL), TW_OK);
        assert_int_equal(tw_data_slice(&view, all, 2, 2, NULL), TW_OK);
        tw_data_free(all); /* the view keeps the rows */
        assert_string_equal(info_of(view).fingerprint, info_of(anew).fingerprint);
        tw_data_free(view);
        tw_data_free(anew);
        tw_context_free(ctx);
    }
}

/* Every number, and where it stands, counts in the fingerprint; names do not. */
static void fingerprints_tell_rows_apart(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    char seen[12][33];
    int n = 0;
    for (int change = 0; change < 9; change++) {
        tw_data *data;
        tw_data_info in = sparse_rows();
        double x[5], w[4];
        uint32_t c[5];
        uint64_t s[5], g[4];
        int32_t l[4];
        memcpy(x, values, sizeof x), memcpy(w, weights, sizeof w), memcpy(c, columns, sizeof c);
        memcpy(s, starts, sizeof s), memcpy(g, groups, sizeof g), memcpy(l, labels, sizeof l);
        in.x = x, in.weights = w, in.columns = c, in.starts = s, in.groups = g, in.labels = l;
        if (change == 1) x[3] = -2;
        if (change == 2) w[0] = 1.5;
        if (change == 3) c[4] = 2;
        if (change == 4) s[2] = 3;
        if (change == 5) g[3] = 8;
        if (change == 6) l[3] = 0;
        if (change == 7) in.weights = NULL;
        if (change == 8) in.groups = NULL;
        if (change == 4) c[2] = 0, c[3] = 4; /* the value of row 2 moves into row 1 */
        assert_int_equal(tw_data_create(&data, ctx, &in, NULL), TW_OK);
        memcpy(seen[n++], info_of(data).fingerprint, 33);
        tw_data_free(data);
    }
    for (int a = 0; a < n; a++)
        for (int b = 0; b < a; b++) assert_string_not_equal(seen[a], seen[b]);
    tw_data_info in = sparse_rows();
    tw_data *data;
    in.column_names = NULL;
    in.name = "others";
    assert_int_equal(tw_data_create(&data, ctx, &in, NULL), TW_OK);
    assert_string_equal(info_of(data).fingerprint, seen[0]);
    tw_data_free(data);
    tw_context_free(ctx);
}

struct wrong {
    tw_data_info rows;
    tw_status code;
    const char *message;
};

static void wrong_rows_are_refused(void **state)
{
    (void)state;
    static const uint32_t outside[] = {0, 5, 1, 4, 3}, falling[] = {0, 2, 4, 1, 3}, twice[] = {0, 2, 4, 4, 3};
    static const uint64_t backwards[] = {0, 2, 1, 4, 5}, late[] = {1, 2, 2, 4, 5};
    static const double infinite[] = {2, 1, 4, -1, INFINITY}, weightless[] = {1, 2, 0, 3};
    static const double no_target[] = {0.5, 1, 1.5, NAN, 2.5, 3, 3.5, 4};
    static const int32_t nameless[] = {1, 0, 1, 3};
    struct wrong cases[] = {
        {sparse_rows(), TW_ERR_DATA, "row 0 has column 5 of 5"},
        {sparse_rows(), TW_ERR_DATA, "row 2: column 1 comes after 4; columns rise"},
        {sparse_rows(), TW_ERR_DATA, "row 2: column 4 comes after 4; columns rise"},
        {sparse_rows(), TW_ERR_SPEC, "row 1 ends before it starts"},
        {sparse_rows(), TW_ERR_SPEC, "starts begins with 0"},
        {sparse_rows(), TW_ERR_DATA, "column 3 of row 3 is not finite"},
        {sparse_rows(), TW_ERR_DATA, "the weight of row 2 is not above 0 and finite"},
        {sparse_rows(), TW_ERR_DATA, "label 3 of row 3 is not among the 3 classes that have names"},
        {sparse_rows(), TW_ERR_SPEC, "sparse rows need starts and columns, rank 1 and at most 2^32 columns"},
        {sparse_rows(), TW_ERR_SPEC, "names of classes need labels, and their number in classes"},
        {dense_rows(), TW_ERR_DATA, "target 1 of row 1 is not finite"},
        {dense_rows(), TW_ERR_SPEC, "rows have labels, or n_targets targets each"},
        {dense_rows(), TW_ERR_SPEC, "rows have labels, or n_targets targets each"},
        {dense_rows(), TW_ERR_SPEC, "x is missing"},
        {dense_rows(), TW_ERR_SPEC, "only rows of rank 1 have names of columns, not rank 2"},
        {dense_rows(), TW_ERR_SPEC, "rows of type i64; u8, f32 and f64 can be learnt from"},
    };
    cases[0].rows.columns = outside;
    cases[1].rows.columns = falling;
    cases[2].rows.columns = twice;
    cases[3].rows.starts = backwards;
    cases[4].rows.starts = late;
    cases[5].rows.x = infinite;
    cases[6].rows.weights = weightless;
    cases[7].rows.labels = nameless;
    cases[8].rows.columns = NULL;
    cases[9].rows.labels = NULL;
    cases[10].rows.targets = no_target;
    cases[11].rows.labels = labels;
    cases[12].rows.n_targets = 0;
    cases[13].rows.x = NULL;
    cases[14].rows.column_names = names;
    cases[14].rows.rank = 2;
    cases[14].rows.shape[1] = 1;
    cases[15].rows.type = TW_I64;
    tw_context *ctx = context(0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_data *data = (tw_data *)cases;
        tw_error err;
        assert_int_equal(tw_data_create(&data, ctx, &cases[i].rows, &err), cases[i].code);
        assert_string_equal(err.message, cases[i].message);
        assert_null(data);
    }
    tw_context_free(ctx);
}

static void slices_stay_inside(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_data *data, *view;
    tw_error err;
    const tw_data_info in = dense_rows();
    assert_int_equal(tw_data_create(&data, ctx, &in, NULL), TW_OK);
    assert_int_equal(tw_data_slice(&view, data, 3, 2, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "rows 3 to 4 of 4");
    assert_int_equal(tw_data_slice(&view, data, UINT64_MAX, 2, &err), TW_ERR_SPEC);
    assert_int_equal(tw_data_slice(&view, data, 1, 0, &err), TW_ERR_SPEC);
    assert_null(view);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void networks_say_what_they_take(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    for (int i = 0; i < 2; i++) {
        tw_data *data;
        tw_model *model;
        tw_error err;
        char message[160];
        const tw_data_info in = i ? sparse_rows() : dense_rows();
        assert_int_equal(tw_data_create(&data, ctx, &in, NULL), TW_OK);
        assert_int_equal(tw_model_create(&model, ctx, "dense 3 relu; dense 3 softmax", TW_F32, data, 0, &err),
                         TW_ERR_DATA);
        snprintf(message, sizeof message, "%s has rows of f64; a network takes rows of u8 or f32",
                 in.name ? in.name : "memory");
        assert_string_equal(err.message, message);
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int sparse = 0; sparse < 2; sparse++)
        for (fault_walk k = {.least = 3}; fault_walk_next(&k);) {
            tw_data *data;
            const tw_data_info in = sparse ? sparse_rows() : dense_rows();
            fault_walk_arm(&k);
            const tw_status s = tw_data_create(&data, k.ctx, &in, NULL);
            tw_data_free(data);
            fault_walk_end(&k, s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sparse_rows_come_back),        cmocka_unit_test(dense_rows_with_targets_come_back),
        cmocka_unit_test(views_are_cut_in_every_field), cmocka_unit_test(fingerprints_tell_rows_apart),
        cmocka_unit_test(wrong_rows_are_refused),       cmocka_unit_test(slices_stay_inside),
        cmocka_unit_test(networks_say_what_they_take),  cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
