/* liblinear's text models: read, written, damaged.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"
#include "fault_walk.h"

static const char path[] = "liblinear.model";

static tw_status load_text(tw_context *ctx, const char *text, tw_model **m, tw_error *err)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return tw_model_load(m, ctx, path, err);
}

/* The outputs of the row (2, -1). */
static void check_outputs(const char *text, const char *network, size_t n, const double *outputs,
                          const char *class)
{
    static const double x[] = {2, -1};
    const tw_data_info info =
        {.size = sizeof info, .rows = 1, .rank = 1, .shape = {2}, .type = TW_F64, .x = x};
    tw_context *ctx = context(1);
    tw_data *data;
    tw_model *m;
    tw_error err;
    tw_objective o = TW_OBJECTIVE_INIT;
    double p[3];
    char name[40];
    if (load_text(ctx, text, &m, &err) != TW_OK) fail_msg("%s", err.message);
    assert_string_equal(tw_model_network(m), network);
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
    assert_int_equal(o.n_outputs, n);
    assert_int_equal(tw_predict(ctx, &o, tw_model_weights(m), 0, 1, p, NULL), TW_OK);
    for (size_t i = 0; i < n; i++)
        if (fabs(p[i] - outputs[i]) > 1e-15) fail_msg("%s: output %zu is %.17g", network, i, p[i]);
    assert_string_equal(tw_model_prediction(m, p, name, sizeof name), class);
    tw_model_objective_free(&o);
    tw_model_free(m);
    tw_data_free(data);
    remove(path);
    tw_context_free(ctx);
}

#define HEAD(solver, n, labels, bias) \
    "solver_type " solver "\nnr_class " n "\nlabel " labels "\nnr_feature 2\nbias " bias "\nw\n"

/* Of two classes a score above 0 is the first label's, whichever is larger. */
static void texts_of_liblinear_are_read(void **state)
{
    (void)state;
    const double up[] = {1 / (1 + exp(-1.5))}, down[] = {-1.5}, number[] = {1.25}, three[] = {5, -2, -1},
                 joint[] = {-3};
    check_outputs(HEAD("L2R_LR", "2", "1 -1", "0.5") "0.5 \n-0.25 \n0.5 \n", "logistic", 1, up, "1");
    check_outputs(HEAD("L2R_L2LOSS_SVC", "2", "-7 3", "-1") "0.5\n-0.5\n", "svm:l2=0,intercept=0", 1, down,
                  "-7");
    check_outputs("solver_type L2R_L1LOSS_SVR_DUAL\nnr_class 2\nnr_feature 2\nbias -1\nw\n0.5 \n-0.25 \n",
                  "linear:intercept=0", 1, number, "1.25");
    check_outputs(HEAD("L2R_L1LOSS_SVC_DUAL", "3", "9 -2 4", "1") "0 2 -1\n0 0 0\n-1 1 0\n",
                  "svm:l2=0,loss=hinge", 3, three, "-2");
    check_outputs(HEAD("MCSVM_CS", "2", "5 3", "-1") "1 0\n0 1\n", "svm:l2=0,intercept=0", 1,
                  (const double[]){3}, "5");
    check_outputs(HEAD("MCSVM_CS", "2", "3 5", "-1") "1 0\n0 1\n", "svm:l2=0,intercept=0", 1, joint, "3");
}

static void damaged_texts_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"solver_type", "solver_type \"\" is not supported"},
        {"solver_typeL2R_LR", "\"solver_typeL2R_LR\" is no line of such a model"},
        {"solver_type ONECLASS_SVM\n", ":1: solver_type \"ONECLASS_SVM\" is not supported"},
        {HEAD("L2R_LR", "1", "1 2", "1") "1\n2\n3\n", ":2: nr_class 1 is not a whole number from 2 on"},
        {HEAD("L2R_LR", "2.5", "1 2", "1") "1\n2\n3\n", "nr_class 2.5 is not a whole number"},
        {HEAD("L2R_LR", "99999999999", "1 2", "1") "1\n2\n3\n", "nr_class 1e+11 is not"},
        {HEAD("L2R_LR", "2000000000", "1 2", "1") "1\n2\n3\n", "ends before its 2000000000 labels"},
        {HEAD("L2R_LR", "2", "1 1", "1") "1\n2\n3\n", "label 1 is there twice"},
        {HEAD("L2R_LR", "2", "1 1e0", "1") "1\n2\n3\n", "label 1 is there twice"},
        {HEAD("L2R_LR", "2", "1 a", "1") "1\n2\n3\n", "label \"a\" is not a number"},
        {HEAD("L2R_LR", "2", "1 1.5", "1") "1\n2\n3\n", "label 1.5 is not a whole number"},
        {HEAD("L2R_LR", "2", "1 2", "nan") "1\n2\n3\n", "bias \"nan\" is not a number"},
        {HEAD("L2R_LR", "2", "1 2", "1") "1\n2\n", "ends before its weight"},
        {HEAD("L2R_LR", "2", "1 2", "1") "1\n2\n3\n4", "something follows the last weight"},
        {HEAD("L2R_LR", "2", "1 2", "1") "1\n2\n3", ":9: the last weight may be cut off"},
        {HEAD("L2R_LR", "2", "1 2", "1") "1\n2x\n3\n", ":8: weight \"2x\" is not a number"},
        {HEAD("L2R_LR", "2", "1 2", "1") "1\n1e999\n3\n", "weight \"1e999\" is not a number"},
        {HEAD("L2R_LR", "2", "1 2", "1e308") "1\n2\n1e308\n", "a weight is too large"},
        {HEAD("L2R_LR", "2", "1 2 3", "1") "1\n2\n3\n", "\"3\" is no line of such a model"},
        {HEAD("L2R_L2LOSS_SVR", "2", "1 2", "1") "1\n2\n3\n", "a model by L2R_L2LOSS_SVR has labels"},
        {"solver_type L2R_LR\nnr_class 2\nnr_feature 2\nbias 1\nw\n1\n2\n3\n",
         "a model by L2R_LR has no labels"},
        {"solver_type L2R_LR\nlabel 1 2\n", "label comes before nr_class"},
        {"solver_type L2R_LR\nnr_class 2\nlabel 1 2\nnr_feature 2000000000\nbias 1\nw\n1\n",
         "ends before its 2000000001 weights"},
        {"solver_type L2R_LR\nnr_class 2\nlabel 1 2\nnr_feature 2\nw\n1\n2\n", "bias is missing"},
        {"solver_type L2R_LR\nsolver_type L2R_LR\n", ":2: solver_type is there twice"},
        {"solver_type L2R_LR\nnr_class 2\n", "ends before its weights"},
    };
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_model *m;
        tw_error err;
        const tw_status s = load_text(ctx, cases[i].text, &m, &err);
        if (s != TW_ERR_DATA || !strstr(err.message, cases[i].message))
            fail_msg("case %zu: %d, %s", i, s, s ? err.message : "");
        assert_null(m);
    }
    remove(path);
    tw_context_free(ctx);
}

/* Written and read, a model predicts the same, standardized or not. */
static void check_round(const char *text, int classes)
{
    static some_rows r;
    tw_context *ctx = context(1);
    tw_model *again, *each[2];
    tw_error err;
    double p[2][ROWS * 3];
    fill_rows(&r, classes ? classes : 2);
    tw_data *data = rows_data(ctx, &r, TW_F64, 0, classes, 0);
    tw_model *m = new_model(ctx, text, TW_F64, data);
    set_weights(m);
    assert_int_equal(tw_model_save_liblinear(m, NULL, path, NULL), TW_OK);
    if (tw_model_load(&again, ctx, path, &err) != TW_OK) fail_msg("%s: %s", text, err.message);
    each[0] = m, each[1] = again;
    for (int k = 0; k < 2; k++) {
        tw_objective o = TW_OBJECTIVE_INIT;
        assert_int_equal(tw_model_objective(each[k], data, &o, NULL), TW_OK);
        assert_int_equal(tw_predict(ctx, &o, tw_model_weights(each[k]), 0, ROWS, p[k], NULL), TW_OK);
        tw_model_objective_free(&o);
    }
    const size_t n = classes > 2 ? (size_t)classes : 1;
    for (size_t i = 0; i < ROWS; i++) {
        char a[20], b[20];
        for (size_t k = 0; k < n && strcmp(text, "softmax") != 0; k++)
            if (!(fabs(p[0][i * n + k] - p[1][i * n + k]) < 1e-14)) fail_msg("%s: row %zu", text, i);
        if (classes)
            assert_string_equal(tw_model_prediction(m, &p[0][i * n], a, sizeof a),
                                tw_model_prediction(again, &p[1][i * n], b, sizeof b));
    }
    tw_model_free(m);
    tw_model_free(again);
    tw_data_free(data);
    remove(path);
    tw_context_free(ctx);
}

static void models_come_back(void **state)
{
    (void)state;
    static const char *const of_classes[] = {"logistic", "logistic:intercept=0", "logistic:standardize=1",
                                             "svm", "svm:loss=hinge"};
    for (size_t i = 0; i < sizeof of_classes / sizeof of_classes[0]; i++)
        for (int classes = 2; classes < 4; classes++) check_round(of_classes[i], classes);
    check_round("softmax", 3);
    check_round("linear", 0);
    check_round("ridge:standardize=1", 0);
    check_round("huber:intercept=0", 0);
}

static void what_liblinear_does_not_have_is_refused(void **state)
{
    (void)state;
    static some_rows r;
    static const char *const names[] = {"dog", "2.5"};
    tw_context *ctx = context(1);
    tw_error err;
    fill_rows(&r, 2);
    tw_data *numbers = rows_data(ctx, &r, TW_F64, 0, 0, 0), *named;
    tw_model *m = new_model(ctx, "poisson", TW_F64, numbers);
    assert_int_equal(tw_model_save_liblinear(m, NULL, path, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "liblinear has no model like poisson"));
    tw_model_free(m);
    tw_data_info info = {.size = sizeof info, .rows = ROWS, .rank = 1, .shape = {COLUMNS}, .type = TW_F32};
    info.x = r.narrow, info.labels = r.labels, info.class_names = names, info.classes = 2;
    assert_int_equal(tw_data_create(&named, ctx, &info, NULL), TW_OK);
    m = new_model(ctx, "svm", TW_F32, named);
    assert_int_equal(tw_model_save_liblinear(m, NULL, path, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "class \"2.5\" is no label of liblinear, which are whole numbers");
    tw_model_free(m);
    m = new_model(ctx, "dense 2 softmax", TW_F32, named);
    assert_int_equal(tw_model_save_liblinear(m, NULL, path, &err), TW_ERR_SPEC);
    tw_model_free(m);
    tw_data_free(numbers), tw_data_free(named);
    remove(path);
    tw_context_free(ctx);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    for (fault_walk k = {.least = 8}; fault_walk_next(&k);) {
        tw_model *m;
        fault_walk_arm(&k);
        tw_status s = load_text(k.ctx, HEAD("L2R_LR", "2", "1 -1", "1") "0.5 \n-0.25 \n0.5 \n", &m, NULL);
        if (s == TW_OK) s = tw_model_save_liblinear(m, NULL, path, NULL);
        tw_model_free(m);
        fault_walk_end(&k, s);
    }
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_liblinear_are_read),
        cmocka_unit_test(damaged_texts_are_refused),
        cmocka_unit_test(models_come_back),
        cmocka_unit_test(what_liblinear_does_not_have_is_refused),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
