/* The linear family: what it learns from, classes and columns by name, files.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"
#include "fault_walk.h"

/* ---- what they learn from ------------------------------------------------------------------------------ */

static const char *const three_names[] = {"dog", "cat", "+1"};

static tw_status create(tw_context *ctx, const tw_data_info *rows, const char *text, tw_model **m,
                        tw_error *err)
{
    tw_data *data;
    assert_int_equal(tw_data_create(&data, ctx, rows, NULL), TW_OK);
    const tw_status s = tw_model_create(m, ctx, text, TW_F32, data, 0, err);
    tw_data_free(data);
    return s;
}

static void data_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const float x[6];
    static const int32_t one[] = {3, 3, 3}, three[] = {0, 1, 2};
    static const double targets[] = {1, -2, 3, 1, 2, 3};
    const tw_data_info all = {.size = sizeof all, .rows = 3, .rank = 1, .shape = {2}, .type = TW_F32, .x = x};
    tw_data_info r[6] = {all, all, all, all, all, all};
    r[1].labels = one;
    r[2].labels = three, r[2].class_names = three_names, r[2].classes = 3;
    r[3].targets = targets, r[3].n_targets = 1;
    r[4].targets = targets, r[4].n_targets = 2;
    const struct {
        int rows;
        const char *model;
        tw_status status;
        const char *message;
    } cases[] = {
        {0, "logistic", TW_ERR_DATA, "logistic learns classes, and the rows have no labels"},
        {0, "linear", TW_ERR_DATA, "memory has no targets to learn from"},
        {1, "svm", TW_ERR_DATA,
         "the training labels are all of one class; svm needs at least two to tell apart"},
        {2, "huber", TW_ERR_DATA, "memory: row 1 is of class \"dog\"; huber predicts numbers"},
        {3, "softmax", TW_ERR_DATA, "memory has targets that are numbers"},
        {3, "poisson", TW_ERR_DATA, "memory: row 2 has target -2; those of poisson are 0 or more"},
        {4, "ridge", TW_ERR_DATA, "memory has 2 targets per row, ridge predicts 1"},
        {3, "ridge:l2=-1", TW_ERR_SPEC, "l2 = -1 is outside [0, inf) or 1/rows"},
        {3, "linear:class_weight=balanced", TW_ERR_SPEC, "linear has no option \"class_weight\""},
        {2, "logistik", TW_ERR_SPEC, "unknown model \"logistik\" (did you mean \"logistic\"?)"},
        {2, "svm:loss=hing", TW_ERR_SPEC, "loss = hing"},
        {2, "svm@torch", TW_ERR_SPEC, "model \"svm\" has no dialects"},
        {2, "cnn:l2=1", TW_ERR_SPEC, "the preset cnn has no options"},
    };
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_model *m;
        tw_error err;
        const tw_status s = create(ctx, &r[cases[i].rows], cases[i].model, &m, &err);
        if (s != cases[i].status || strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("case %zu: %d, \"%s\"", i, s, s ? err.message : "");
        assert_null(m);
    }
    tw_context_free(ctx);
}

/* Class names that are numbers are targets, as labels are. */
static void labels_are_numbers_for_a_regression(void **state)
{
    (void)state;
    static const float x[] = {1, 1};
    static const int32_t labels[] = {1, 0};
    static const char *const names[] = {"2.5", "-1"};
    tw_data_info r =
        {.size = sizeof r, .rows = 2, .rank = 1, .shape = {1}, .type = TW_F32, .x = x, .labels = labels};
    tw_context *ctx = context(1);
    for (int named = 0; named < 2; named++) {
        tw_data *data;
        tw_metrics metrics;
        tw_objective o = TW_OBJECTIVE_INIT;
        if (named) r.class_names = names, r.classes = 2;
        assert_int_equal(tw_data_create(&data, ctx, &r, NULL), TW_OK);
        tw_model *m = new_model(ctx, "linear", TW_F64, data);
        assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
        assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(m), &metrics, NULL), TW_OK);
        assert_true(metrics.loss == (named ? (1 + 6.25) / 4 : 0.25) && isnan(metrics.accuracy));
        assert_true(tw_model_output(m) == TW_OUTPUT_VALUE && !o.counts_correct);
        tw_model_objective_free(&o);
        tw_model_free(m);
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

/* Columns that the model does not have count 0, and so do those that the rows do not have: L3. */
static void other_columns_count_nothing(void **state)
{
    (void)state;
    static const double x[] = {2, 2, 7};
    static const uint32_t columns[] = {1, 1, 8};
    static const uint64_t starts[] = {0, 1, 3};
    static const int32_t labels[] = {0, 1};
    tw_data_info r = {.size = sizeof r,
                      .rows = 2,
                      .rank = 1,
                      .shape = {5},
                      .type = TW_F64,
                      .x = x,
                      .labels = labels,
                      .starts = starts,
                      .columns = columns};
    tw_context *ctx = context(1);
    tw_data *narrow, *wide;
    tw_objective o = TW_OBJECTIVE_INIT;
    static const uint64_t until[] = {0, 1, 2};
    double p[2];
    r.starts = until, r.shape[0] = 2;
    assert_int_equal(tw_data_create(&narrow, ctx, &r, NULL), TW_OK);
    r.starts = starts, r.shape[0] = 9;
    assert_int_equal(tw_data_create(&wide, ctx, &r, NULL), TW_OK);
    tw_model *m = new_model(ctx, "logistic", TW_F64, narrow);
    set_weights(m);
    assert_int_equal(tw_model_objective(m, wide, &o, NULL), TW_OK);
    assert_int_equal(tw_predict(ctx, &o, tw_model_weights(m), 0, 2, p, NULL), TW_OK);
    assert_true(p[0] == p[1] && p[0] != 0.5);
    tw_model_objective_free(&o);
    tw_model_free(m);
    m = new_model(ctx, "logistic", TW_F64, wide);
    assert_int_equal(tw_model_objective(m, narrow, &o, NULL), TW_OK);
    assert_int_equal(tw_predict(ctx, &o, tw_model_weights(m), 0, 2, p, NULL), TW_OK);
    tw_model_objective_free(&o);
    tw_model_free(m);
    tw_data_free(narrow);
    tw_data_free(wide);
    tw_context_free(ctx);
}

/* ---- files --------------------------------------------------------------------------------------------- */

static const char *const columns_of_two[] = {"length", "b,c"};

/* Saved and loaded, a model knows its classes by name, whatever their order in other data, and its
 * weights. */
static void files_keep_names(void **state)
{
    (void)state;
    const char *path = TW_BINARY_DIR "/test_linear_models.safetensors";
    static const float x[] = {1, 0, 0, 1, 1, 1, 0, 0};
    static const int32_t labels[] = {0, 1, 2, 1}, others[] = {1, 0, 2, 0};
    static const char *const other_order[] = {"cat", "dog", "1"}, *const unknown[] = {"cat", "cow", "1"},
                             *const turned[] = {"b,c", "length"};
    tw_data_info r = {.size = sizeof r,
                      .rows = 4,
                      .rank = 1,
                      .shape = {2},
                      .type = TW_F32,
                      .x = x,
                      .labels = labels,
                      .class_names = three_names,
                      .classes = 3,
                      .column_names = columns_of_two};
    tw_context *ctx = context(1);
    tw_model *m, *loaded;
    tw_data *data, *other;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_metrics a, b;
    tw_error err;
    assert_int_equal(tw_data_create(&data, ctx, &r, NULL), TW_OK);
    m = new_model(ctx, "svm:class_weight=balanced,loss=hinge", TW_F32, data);
    set_weights(m);
    assert_int_equal(tw_model_save(m, NULL, path, &err), TW_OK);
    if (tw_model_load(&loaded, ctx, path, &err) != TW_OK) fail_msg("%s", err.message);
    assert_string_equal(tw_model_network(loaded), "svm:l2=0.25,class_weight=balanced,loss=hinge");
    assert_memory_equal(tw_model_weights(m), tw_model_weights(loaded), tw_model_size(m) * sizeof(float));
    for (size_t i = 0; i < 3; i++) assert_string_equal(tw_model_class_name(loaded, i), three_names[i]);
    assert_null(tw_model_class_name(loaded, 3));
    r.labels = others, r.class_names = other_order;
    assert_int_equal(tw_data_create(&other, ctx, &r, NULL), TW_OK);
    assert_int_equal(tw_model_objective(m, data, &o, &err), TW_OK);
    assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(m), &a, NULL), TW_OK);
    tw_model_objective_free(&o);
    if (tw_model_objective(loaded, other, &o, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(loaded), &b, NULL), TW_OK);
    assert_true(a.loss == b.loss && a.accuracy == b.accuracy);
    tw_model_objective_free(&o);
    tw_data_free(other);
    r.class_names = unknown;
    assert_int_equal(tw_data_create(&other, ctx, &r, NULL), TW_OK);
    assert_int_equal(tw_model_objective(loaded, other, &o, &err), TW_ERR_DATA);
    assert_string_equal(err.message, "memory: row 1 has label cow, the model knows 3 classes, dog to +1");
    tw_data_free(other);
    r.class_names = three_names, r.column_names = turned;
    assert_int_equal(tw_data_create(&other, ctx, &r, NULL), TW_OK);
    assert_int_equal(tw_model_objective(loaded, other, &o, &err), TW_ERR_DATA);
    assert_string_equal(err.message,
                        "memory: column 1 is \"b,c\"; the model was trained with \"length\" there");
    tw_data_free(other);
    tw_model_free(m);
    tw_model_free(loaded);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void every_kind_comes_back(const char *text, int classes)
{
    static some_rows r;
    const char *path = TW_BINARY_DIR "/test_linear_models.safetensors";
    tw_context *ctx = context(1);
    tw_model *loaded;
    tw_error err;
    fill_rows(&r, classes ? classes : 1);
    tw_data *data = rows_data(ctx, &r, TW_F64, 1, classes, 0);
    tw_model *m = new_model(ctx, text, TW_F64, data);
    set_weights(m);
    assert_int_equal(tw_model_save(m, NULL, path, &err), TW_OK);
    if (tw_model_load(&loaded, ctx, path, &err) != TW_OK) fail_msg("%s: %s", text, err.message);
    assert_string_equal(tw_model_network(m), tw_model_network(loaded));
    assert_int_equal(tw_model_size(m), tw_model_size(loaded));
    assert_memory_equal(tw_model_weights(m), tw_model_weights(loaded), tw_model_size(m) * sizeof(double));
    tw_model_free(m);
    tw_model_free(loaded);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void files_bring_the_weights_back(void **state)
{
    (void)state;
    for_each_model(every_kind_comes_back);
}

/* A file with one tensor "weight" of one row with two numbers, and these metadata. */
static tw_status load_with(tw_context *ctx, const char *metadata, tw_error *err)
{
    const char *path = TW_BINARY_DIR "/test_linear_models.hostile";
    char header[512];
    uint8_t length[8] = {0};
    const float w[2] = {1, 2};
    tw_model *m;
    const int n = snprintf(header, sizeof header,
                           "{\"__metadata__\":{\"format\":\"thalweg model 1\",%s},"
                           "\"weight\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}",
                           metadata);
    length[0] = (uint8_t)n, length[1] = (uint8_t)(n >> 8);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(length, 1, 8, f), fwrite(header, 1, (size_t)n, f), fwrite(w, 1, sizeof w, f);
    fclose(f);
    const tw_status s = tw_model_load(&m, ctx, path, err);
    tw_model_free(m);
    return s;
}

static void hostile_files_are_refused(void **state)
{
    (void)state;
#define META(model, input, classes, more) \
    "\"model\":\"" model "\",\"input\":\"" input "\",\"scaling\":\"1\",\"classes\":\"" classes "\"" more
    static const char *const wrong[] = {
        META("logistic", "2", "2", ""),             /* no bias */
        META("logistic:intercept=0", "3", "2", ""), /* another width */
        META("logistic:intercept=0", "2", "3", ""), /* more outputs */
        META("logistic:intercept=0", "2", "1", ""), /* one class */
        META("logistic:intercept=0", "2", "0", ""), /* no class */
        META("logistic:intercept=0", "2147483648", "2147483647", ""),
        META("logistic:intercept=0", "4294967297", "2", ""),
        META("logistic:intercept=0,l2=nan", "2", "2", ""),
        META("logistic:intercept=2", "2", "2", ""),
        META("linear:intercept=0", "2", "2", ""), /* classes of a regression */
        META("dense 2 softmax", "2", "2", ""),    /* a network by the wrong key */
        META("logistic:intercept=0", "2", "2", ",\"labels\":\"1,1\""),
        META("logistic:intercept=0", "2", "2", ",\"labels\":\"1,2,3\""),
        META("logistic:intercept=0", "2", "2", ",\"class_names\":\"[\\\"a\\\"]\""),
        META("logistic:intercept=0", "2", "2", ",\"class_names\":\"[1,2]\""),
        META("logistic:intercept=0", "2", "2", ",\"class_names\":\"a,b\""),
        META("logistic:intercept=0", "2", "2", ",\"class_names\":\"[\\\"a\\\",\\\"a\\\"]\""),
        META("logistic:intercept=0", "2", "2", ",\"class_names\":\"[\\\"1\\\",\\\"+1.0\\\"]\""),
        META("logistic:intercept=0", "2", "2", ",\"class_names\":\"[\\\"0\\\",\\\"-0\\\"]\""),
        META("logistic:intercept=0", "2", "2",
             ",\"schema\":\"{\\\"width\\\":2,\\\"classes\\\":[\\\"b\\\",\\\"b\\\"]}\""),
        META("logistic:intercept=0", "2", "2", ",\"class_weights\":\"[1,-1]\""),
        META("logistic:intercept=0,standardize=1", "2", "2", ""),
        META("logistic:intercept=0,standardize=1", "2", "2", ",\"scale\":\"[1,0]\""),
        META("logistic:intercept=0,standardize=1", "2", "2", ",\"scale\":\"[1,1,1]\""),
        META("logistic:intercept=0,standardize=1", "2", "2",
             ",\"scale\":\"[1,1]\",\"center\":\"[1,\\\"2\\\"]\""),
        META("logistic:intercept=0", "2", "2", ",\"scale\":\"[1,1]\""),
        META("logistic:intercept=0", "2", "2", ",\"center\":\"[1,1]\""),
        META("logistic:intercept=0", "2", "2", ",\"class_weights\":\"[1,1e999]\""),
        META("logistic:intercept=0", "2", "2", ",\"column_names\":\"[\\\"a\\\",null]\""),
    };
    /* words, and numbers that a double does not tell apart */
    static const char *const right[] = {
        META("logistic:intercept=0,standardize=1", "2", "2", ",\"scale\":\"[1,0.5]\""),
        META("logistic:intercept=0", "2", "2", ",\"class_names\":\"[\\\"a\\\",\\\"b\\\"]\""),
        META("logistic:intercept=0", "2", "2",
             ",\"class_names\":\"[\\\"9007199254740993\\\",\\\"9007199254740992\\\"]\""),
        META("logistic:intercept=0", "2", "2",
             ",\"schema\":\"{\\\"width\\\":2,\\\"classes\\\":[\\\"b\\\",\\\"c\\\"]}\""),
    };
    tw_context *ctx = context(1);
    tw_error err;
    if (load_with(ctx, META("logistic:intercept=0", "2", "2", ""), &err) != TW_OK)
        fail_msg("%s", err.message);
    if (load_with(ctx, META("linear:intercept=0", "2", "0", ""), &err) != TW_OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        if (load_with(ctx, right[i], &err) != TW_OK) fail_msg("%s: %s", right[i], err.message);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const tw_status s = load_with(ctx, wrong[i], &err);
        if (s != TW_ERR_DATA || !err.message[0]) fail_msg("%s: %d", wrong[i], s);
    }
    tw_context_free(ctx);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const float x[] = {1, 0, 0, 1, 1, 1, 0, 0};
    static const int32_t labels[] = {0, 1, 2, 1};
    const tw_data_info r = {.size = sizeof r,
                            .rows = 4,
                            .rank = 1,
                            .shape = {2},
                            .type = TW_F32,
                            .x = x,
                            .labels = labels,
                            .class_names = three_names,
                            .classes = 3,
                            .column_names = columns_of_two};
    const char *path = TW_BINARY_DIR "/test_linear_models.safetensors";
    for (fault_walk k = {.least = 10}; fault_walk_next(&k);) {
        tw_data *data;
        tw_model *m = NULL, *loaded = NULL;
        tw_objective o = TW_OBJECTIVE_INIT;
        assert_int_equal(tw_data_create(&data, k.ctx, &r, NULL), TW_OK);
        fault_walk_arm(&k);
        tw_status s = tw_model_create(&m, k.ctx, "logistic:class_weight=balanced", TW_F32, data, 0, NULL);
        if (s == TW_OK) s = tw_model_objective(m, data, &o, NULL);
        if (s == TW_OK) s = tw_model_save(m, NULL, path, NULL);
        if (s == TW_OK) s = tw_model_load(&loaded, k.ctx, path, NULL);
        tw_model_objective_free(&o);
        tw_model_free(m);
        tw_model_free(loaded);
        tw_data_free(data);
        fault_walk_end(&k, s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_that_do_not_fit_are_refused),
        cmocka_unit_test(labels_are_numbers_for_a_regression),
        cmocka_unit_test(other_columns_count_nothing),
        cmocka_unit_test(files_keep_names),
        cmocka_unit_test(files_bring_the_weights_back),
        cmocka_unit_test(hostile_files_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
