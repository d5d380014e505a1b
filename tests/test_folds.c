/* Folds: balanced, whole groups, from the seed alone; and the rows of one as a data set.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"
#include "fault_walk.h"

enum { MANY = 103, FOLDS = 5 };

static tw_data *many_rows(tw_context *ctx, const int32_t *labels, const uint64_t *groups)
{
    static double x[MANY];
    tw_data *data;
    for (int i = 0; i < MANY; i++) x[i] = i;
    const tw_data_info rows = {.size = sizeof rows,
                               .rows = MANY,
                               .rank = 1,
                               .shape = {1},
                               .type = TW_F64,
                               .x = x,
                               .labels = labels,
                               .groups = groups};
    assert_int_equal(tw_data_create(&data, ctx, &rows, NULL), TW_OK);
    return data;
}

/* Row i is of class 0, but for every seventh. */
static void fill_labels(int32_t labels[MANY])
{
    for (int i = 0; i < MANY; i++) labels[i] = i % 7 == 0;
}

static void classes_are_spread_evenly(void **state)
{
    (void)state;
    int32_t labels[MANY];
    uint32_t fold[MANY], other[MANY];
    int rows[FOLDS] = {0}, rare[FOLDS] = {0}, differ = 0;
    tw_context *ctx = context(2);
    fill_labels(labels);
    tw_data *data = many_rows(ctx, labels, NULL);
    assert_int_equal(tw_data_folds(ctx, data, FOLDS, 1, fold, NULL), TW_OK);
    assert_int_equal(tw_data_folds(ctx, data, FOLDS, 1, other, NULL), TW_OK);
    assert_memory_equal(fold, other, sizeof fold);
    assert_int_equal(tw_data_folds(ctx, data, FOLDS, 2, other, NULL), TW_OK);
    for (int i = 0; i < MANY; i++) {
        assert_true(fold[i] < FOLDS);
        rows[fold[i]]++;
        rare[fold[i]] += labels[i];
        differ += fold[i] != other[i];
    }
    for (int k = 0; k < FOLDS; k++) {
        assert_true(rows[k] == MANY / FOLDS || rows[k] == MANY / FOLDS + 1);
        assert_int_equal(rare[k], 3); /* of 15 */
    }
    assert_true(differ > MANY / 2);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* Groups of 1, 2, ..., 13 rows, and of 12 that are left. */
static void groups_stay_whole(void **state)
{
    (void)state;
    uint64_t groups[MANY];
    uint32_t fold[MANY];
    int rows[FOLDS] = {0};
    tw_context *ctx = context(1);
    for (int i = 0, g = 1, left = 1; i < MANY; i++, left--) {
        if (left == 0) left = ++g;
        groups[i] = (uint64_t)g * 1000000007u;
    }
    tw_data *data = many_rows(ctx, NULL, groups);
    assert_int_equal(tw_data_folds(ctx, data, FOLDS, 9, fold, NULL), TW_OK);
    for (int i = 0; i < MANY; i++) rows[fold[i]]++;
    for (int i = 1; i < MANY; i++)
        if (groups[i] == groups[i - 1]) assert_int_equal(fold[i], fold[i - 1]);
    for (int k = 0; k < FOLDS; k++) assert_in_range(rows[k], 19, 22);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void too_many_folds_are_refused(void **state)
{
    (void)state;
    int32_t labels[MANY];
    uint64_t groups[MANY];
    uint32_t fold[MANY];
    tw_error err;
    tw_context *ctx = context(1);
    fill_labels(labels);
    for (int i = 0; i < MANY; i++) groups[i] = (uint64_t)i % 4;
    tw_data *of_classes = many_rows(ctx, labels, NULL), *of_groups = many_rows(ctx, labels, groups);
    assert_int_equal(tw_data_folds(ctx, of_classes, 16, 1, fold, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "16 folds need as many rows of class 1, and memory has 15");
    assert_int_equal(tw_data_folds(ctx, of_groups, 5, 1, fold, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "5 folds need as many groups, and memory has 4");
    assert_int_equal(tw_data_folds(ctx, of_classes, 104, 1, fold, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "104 folds need as many rows, and memory has 103");
    assert_int_equal(tw_data_folds(ctx, of_classes, 1, 1, fold, &err), TW_ERR_SPEC);
    tw_data_free(of_classes);
    tw_data_free(of_groups);
    tw_context_free(ctx);
}

/* All rows in their order are the same data; in another order and dense or sparse, the same rows. */
static void rows_are_taken(void **state)
{
    (void)state;
    static some_rows r;
    uint64_t all[ROWS], odd[ROWS / 2];
    tw_context *ctx = context(2);
    fill_rows(&r, 2);
    for (uint64_t i = 0; i < ROWS; i++) all[i] = i;
    for (uint64_t i = 0; i < ROWS / 2; i++) odd[i] = ROWS - 1 - 2 * i;
    for (int sparse = 0; sparse < 2; sparse++) {
        tw_data *data = rows_data(ctx, &r, TW_F64, sparse, 2, 1), *same, *some;
        tw_data_info a = {.size = sizeof a}, b = a;
        tw_error err;
        assert_int_equal(tw_data_take(&same, ctx, data, all, ROWS, NULL), TW_OK);
        assert_int_equal(tw_data_info_get(data, &a, NULL), TW_OK);
        assert_int_equal(tw_data_info_get(same, &b, NULL), TW_OK);
        assert_string_equal(a.fingerprint, b.fingerprint);
        assert_int_equal(tw_data_take(&some, ctx, data, odd, ROWS / 2, NULL), TW_OK);
        assert_int_equal(tw_data_info_get(some, &b, NULL), TW_OK);
        assert_int_equal(b.rows, ROWS / 2);
        assert_int_equal(b.classes, a.classes);
        for (uint64_t i = 0; i < ROWS / 2; i++) {
            assert_int_equal(b.labels[i], a.labels[odd[i]]);
            if (a.weights) assert_true(b.weights[i] == a.weights[odd[i]]);
            const uint64_t n = sparse ? a.starts[odd[i] + 1] - a.starts[odd[i]] : COLUMNS,
                           at = sparse ? a.starts[odd[i]] : odd[i] * COLUMNS,
                           to = sparse ? b.starts[i] : i * COLUMNS;
            assert_memory_equal((const double *)b.x + to, (const double *)a.x + at, n * sizeof(double));
        }
        tw_data_free(same);
        assert_int_equal(tw_data_take(&same, ctx, data, (uint64_t[]){ROWS}, 1, &err), TW_ERR_SPEC);
        tw_data_free(some);
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

/* A fit to the other rows of a fold, made by hand. */
static double loss_of_fold(tw_context *ctx, const tw_data *data, const uint32_t *fold, uint32_t k, double l2)
{
    uint64_t in[ROWS], out[ROWS], n_in = 0, n_out = 0;
    tw_data *fitted, *held;
    tw_objective f = TW_OBJECTIVE_INIT, g = TW_OBJECTIVE_INIT;
    tw_run *run;
    tw_metrics m;
    double squares = 0;
    const tw_run_options o = {.size = sizeof o, .optimizer = "sgd:lr=0.5", .batch = 4, .epochs = 3};
    for (uint64_t i = 0; i < ROWS; i++)
        if (fold[i] == k) in[n_in++] = i;
        else out[n_out++] = i;
    assert_int_equal(tw_data_take(&held, ctx, data, in, n_in, NULL), TW_OK);
    assert_int_equal(tw_data_take(&fitted, ctx, data, out, n_out, NULL), TW_OK);
    tw_model *model = new_model(ctx, "logistic:l2=0.25", TW_F64, fitted);
    const double *w = tw_model_weights(model);
    assert_int_equal(tw_model_objective(model, fitted, &f, NULL), TW_OK);
    assert_int_equal(tw_model_objective(model, held, &g, NULL), TW_OK);
    assert_int_equal(tw_run_create(&run, ctx, &f, NULL, tw_model_weights(model), &o, NULL), TW_OK);
    for (int status = TW_RUN_GOING; status == TW_RUN_GOING;)
        assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
    assert_int_equal(tw_evaluate(ctx, &g, w, &m, NULL), TW_OK);
    for (size_t i = 0; i < COLUMNS; i++) squares += w[i] * w[i];
    tw_run_free(run);
    tw_model_objective_free(&f);
    tw_model_objective_free(&g);
    tw_model_free(model);
    tw_data_free(fitted);
    tw_data_free(held);
    return m.loss - l2 / 2 * squares;
}

static void write_rows(const char *path, const some_rows *r)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < ROWS; i++) {
        fprintf(f, "%d", r->labels[i]);
        for (int j = 0; j < COLUMNS; j++) fprintf(f, " %d:%.17g", j + 1, r->wide[i * COLUMNS + j]);
        fprintf(f, "\n");
    }
    assert_int_equal(fclose(f), 0);
}

/* The folds of a job are those of tw_data_folds, and a fit is a run on the rows of the others. */
static void a_job_says_what_fits_by_hand_say(void **state)
{
    (void)state;
    static some_rows r;
    uint32_t fold[ROWS];
    tw_data *data;
    tw_job *job;
    tw_error err;
    const char *text;
    char key[64];
    tw_context *ctx = context(2);
    fill_rows(&r, 2);
    write_rows("folds.svm", &r);
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    o.data = "folds.svm", o.model = "logistic:l2=0.25", o.dtype = "f64", o.cv = 3;
    o.run.optimizer = "sgd:lr=0.5", o.run.batch = 4, o.run.epochs = 3;
    if (tw_job_create(&job, ctx, &o, &err) != TW_OK) fail_msg("%s", err.message);
    if (tw_job_run(job, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(tw_job_json(job, &text, NULL), TW_OK);
    assert_int_equal(tw_data_open(ctx, "folds.svm", NULL, &data, NULL, NULL, NULL), TW_OK);
    assert_int_equal(tw_data_folds(ctx, data, 3, 0, fold, NULL), TW_OK);
    const char *at = strstr(text, "\"cv\"");
    for (uint32_t k = 0; k < 3; k++) {
        snprintf(key, sizeof key, "\"loss\": ");
        at = strstr(at + 1, key);
        assert_non_null(at);
        assert_true(fabs(strtod(at + strlen(key), NULL) - loss_of_fold(ctx, data, fold, k, 0.25)) < 1e-14);
    }
    tw_data_free(data);
    tw_job_free(job);
    tw_context_free(ctx);
    remove("folds.svm");
}

static tw_status take_and_cut(tw_context *ctx, const tw_data *data)
{
    uint32_t fold[ROWS];
    tw_data *some = NULL;
    tw_status s = tw_data_folds(ctx, data, 3, 1, fold, NULL);
    if (s == TW_OK) s = tw_data_take(&some, ctx, data, (const uint64_t[]){3, 1, 4}, 3, NULL);
    tw_data_free(some);
    return s;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    for (fault_walk k = {.least = 5}; fault_walk_next(&k);) {
        static some_rows r;
        fill_rows(&r, 2);
        tw_data *data = rows_data(k.ctx, &r, TW_F64, 1, 2, 1);
        fault_walk_arm(&k);
        const tw_status s = take_and_cut(k.ctx, data);
        tw_data_free(data);
        fault_walk_end(&k, s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_spread_evenly),        cmocka_unit_test(groups_stay_whole),
        cmocka_unit_test(too_many_folds_are_refused),       cmocka_unit_test(rows_are_taken),
        cmocka_unit_test(a_job_says_what_fits_by_hand_say), cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
