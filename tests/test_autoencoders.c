/* Networks that predict several numbers: those of the row itself (target=input), or several targets.
 * SPDX-License-Identifier: MIT */
#include "networks.h"
#include "models/nn/layer.h"

enum { N = HIGH * WIDE * CHANNELS };

/* The rows of networks_data as bytes, without labels. */
static tw_data *bytes_of(tw_context *ctx, uint64_t rows, int classes)
{
    const int64_t shape[] = {HIGH, WIDE, CHANNELS};
    uint8_t *x = malloc(rows * N);
    tw_data *data;
    (void)classes;
    for (size_t i = 0; i < rows * N; i++) x[i] = (uint8_t)(256 * tw__random_unit(1, TW__FOR_TEST, 0, i));
    assert_int_equal(dense_data(&data, ctx, TW_U8, rows, 3, shape, x, NULL, NULL), TW_OK);
    free(x);
    return data;
}

static const char *const stacks[] = {
    "flatten; dense 9 tanh; dense 84 mse:target=input",
    "flatten; dense 9 tanh; dense 84; huber_loss delta=0.2 target=input",
    "flatten; dense 9 tanh; batchnorm; dense 84 bce_loss:target=input",
    "gaussian_noise 0.3; conv2d 2 3x3 padding=same tanh; dropout 0.2; conv2d 2 3x3 padding=same; mse:target=input",
    "flatten; dropout 0.3; dense 9 sigmoid l2=0.1; dense 84 bce_loss:target=input",
};
enum { STACKS = sizeof stacks / sizeof stacks[0] };

static void gradients_equal_central_differences(void **state)
{
    (void)state;
    for (int i = 0; i < STACKS; i++) {
        networks_check_gradient_on(bytes_of, stacks[i], 0);
        networks_check_instruction_sets_on(bytes_of, stacks[i], 0);
        networks_check_threads_on(bytes_of, stacks[i], 0);
    }
}

static tw_model *model_of(tw_context *ctx, const char *network, const tw_data *data, tw_objective *o)
{
    tw_model *model;
    tw_error err;
    *o = (tw_objective)TW_OBJECTIVE_INIT;
    if (tw_model_create(&model, ctx, network, TW_F64, data, 5, &err) != TW_OK)
        fail_msg("%s: %s", network, err.message);
    assert_int_equal(tw_model_objective(model, data, o, NULL), TW_OK);
    return model;
}

/* Of a row's x and what is predicted, by the equations of docs/networks.md. */
static double squared(double y, double x) { return (y - x) * (y - x); }
static double entropy(double y, double x) { return -x * log(y) - (1 - x) * log(1 - y); }
static double huber(double y, double x)
{
    const double r = fabs(y - x);
    return r <= 0.2 ? r * r / 2 : 0.2 * (r - 0.1);
}

static void losses_are_means_over_the_input(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        double (*loss)(double y, double x);
    } cases[] = {{"flatten; dense 9 tanh; dense 84 mse:target=input", squared},
                 {"flatten; dense 9 tanh; dense 84; huber_loss delta=0.2 target=input", huber},
                 {"flatten; dense 9 tanh; dense 84 bce_loss:target=input", entropy}};
    tw_context *ctx = networks_context(2);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        tw_data *data = bytes_of(ctx, ROWS, 0);
        tw_data_info info = {.size = sizeof info};
        tw_objective o;
        tw_model *model = model_of(ctx, cases[k].network, data, &o);
        double y[ROWS * N], sum = 0, squares = 0;
        tw_metrics m;
        tw_scores *scores;
        assert_int_equal(tw_data_info_get(data, &info, NULL), TW_OK);
        assert_int_equal(o.n_outputs, N);
        assert_int_equal(tw_model_output(model), TW_OUTPUT_VALUE);
        assert_int_equal(tw_predict(ctx, &o, tw_model_weights(model), 0, ROWS, y, NULL), TW_OK);
        for (size_t i = 0; i < ROWS * N; i++) {
            const double x = ((const uint8_t *)info.x)[i] / 255.0;
            sum += cases[k].loss(y[i], x);
            squares += (y[i] - x) * (y[i] - x);
        }
        assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(model), &m, NULL), TW_OK);
        assert_true(fabs(m.loss - sum / (ROWS * N)) < 1e-12);
        assert_int_equal(tw_scores_of_model(&scores, model, data, NULL, NULL, NULL), TW_OK);
        assert_string_equal(tw_scores_at(scores, 0)->metric->name, "rmse");
        assert_true(fabs(tw_scores_at(scores, 0)->value - sqrt(squares / (ROWS * N))) < 1e-12);
        assert_string_equal(tw_scores_at(scores, 1)->metric->name, "mae");
        assert_null(tw_scores_at(scores, 2)); /* r2 is of targets */
        tw_scores_free(scores);
        tw_model_objective_free(&o);
        tw_model_free(model);
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

/* Two targets, of which the second weighs as much as the first. */
static void a_row_may_have_several_targets(void **state)
{
    (void)state;
    static const float x[][2] = {{0, 1}, {1, 0}, {2, 1}, {1, 3}};
    static const double targets[][2] = {{1, 2}, {0, 1}, {3, 0}, {1, 1}};
    const tw_data_info rows = {.size = sizeof rows,
                               .rows = 4,
                               .rank = 1,
                               .shape = {2},
                               .type = TW_F32,
                               .x = x,
                               .targets = &targets[0][0],
                               .n_targets = 2};
    tw_context *ctx = networks_context(1);
    tw_data *data;
    tw_objective o;
    tw_error err;
    tw_model *model;
    tw_metrics m;
    double y[8], sum = 0;
    assert_int_equal(tw_data_create(&data, ctx, &rows, NULL), TW_OK);
    model = model_of(ctx, "dense 3 tanh; dense 2 mse", data, &o);
    assert_int_equal(tw_predict(ctx, &o, tw_model_weights(model), 0, 4, y, NULL), TW_OK);
    for (int i = 0; i < 8; i++) sum += squared(y[i], targets[i / 2][i % 2]);
    assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(model), &m, NULL), TW_OK);
    assert_true(fabs(m.loss - sum / 8) < 1e-12);
    tw_model_objective_free(&o);
    tw_model_free(model);
    assert_int_equal(tw_model_create(&model, ctx, "dense 3 mse", TW_F64, data, 5, &err), TW_ERR_DATA);
    assert_non_null(strstr(err.message, "2 targets per row, dense 3 mse predicts 3"));
    assert_int_equal(tw_model_create(&model, ctx, "dense 2 bce_loss", TW_F64, data, 5, &err), TW_ERR_DATA);
    assert_non_null(strstr(err.message, "row 1 has target 2; those of dense 2 bce_loss are 1 or less"));
    tw_data_free(data);
    tw_context_free(ctx);
}

/* ---- shares of classes --------------------------------------------------------------------------------- */

static void shares_are_compared_by_the_cross_entropy(void **state)
{
    (void)state;
    static const char network[] = "dense 5 tanh; dense 3 cross_entropy_loss";
    networks_check_gradient_on(networks_shares, network, 0);
    networks_check_instruction_sets_on(networks_shares, network, 0);
    networks_check_threads_on(networks_shares, network, 0);
    tw_context *ctx = networks_context(1);
    tw_data *data = networks_shares(ctx, ROWS, 0);
    tw_objective o;
    tw_error err;
    tw_metrics m;
    double y[ROWS * NETWORKS_SHARES], sum = 0;
    tw_model *model = model_of(ctx, network, data, &o);
    assert_int_equal(tw_predict(ctx, &o, tw_model_weights(model), 0, ROWS, y, NULL), TW_OK);
    for (size_t i = 0; i < ROWS * NETWORKS_SHARES; i++)
        sum -= networks_share(i / NETWORKS_SHARES, i % NETWORKS_SHARES) * log(y[i]);
    for (size_t i = 0; i < ROWS; i++) assert_true(fabs(y[3 * i] + y[3 * i + 1] + y[3 * i + 2] - 1) < 1e-15);
    assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(model), &m, NULL), TW_OK);
    assert_true(fabs(m.loss - sum / ROWS) < 1e-12);
    tw_model_objective_free(&o);
    tw_model_free(model);
    assert_int_equal(tw_model_create(&model, ctx, "dense 1 cross_entropy_loss", TW_F32, data, 5, &err),
                     TW_ERR_SPEC);
    assert_non_null(
        strstr(err.message, "1 output, cross_entropy_loss needs one for each of at least 2 classes"));
    assert_int_equal(tw_model_create(&model, ctx, "reshape 2x2; cross_entropy_loss", TW_F32, data, 5, &err),
                     TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "cross_entropy_loss needs a vector and gets 2x2"));
    tw_data_free(data);
    tw_context_free(ctx);
}

/* A logit that is far ahead gives no share that is not finite. */
static void shares_of_large_logits_are_finite(void **state)
{
    (void)state;
    const tw__layer_type *const type = tw__layer_type_find("cross_entropy_loss");
    const tw__layer l = {.type = type, .in_size = 3, .out_size = 3};
    const double x[] = {1000, -1000, 999}, targets[] = {0.5, 0.25, 0.25};
    const tw__pass p = {.k = tw__kernels_for(TW_F64, TW_ISA_BASE), .rows = 1, .targets = targets};
    tw_sums sums = {.loss = 0};
    double dx[3];
    type->loss(&l, &p, x, NULL, &sums, dx);
    const double ahead = log1p(exp(-1));
    assert_true(fabs(sums.loss - (0.5 * ahead + 0.25 * (2000 + ahead) + 0.25 * (1 + ahead))) < 1e-12);
    assert_true(fabs(dx[0] - (exp(-ahead) - 0.5)) < 1e-15 && fabs(dx[1] + 0.25) < 1e-15);
    assert_true(fabs(dx[0] + dx[1] + dx[2]) < 1e-15);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *network, *message;
    } cases[] = {
        {"flatten; dense 9 mse:target=input",
         "the last layer (dense 9 mse:target=input) makes 9 numbers of a row, and target=input needs as many as the input "
         "has: 84"},
        {"flatten; dense 84 softmax:target=input", "softmax cannot take the input as its target"},
        {"flatten; dense 84 cross_entropy_loss:target=input",
         "as its target (target=input); mse, l1_loss, huber_loss"},
        {"flatten; dense 84 mse:target=row", "target"},
        {"gaussian_noise -1; flatten; dense 84 mse:target=input", "deviation = -1 is outside [0, inf)"},
        {"gaussian_noise; flatten; dense 84 mse:target=input",
         "gaussian_noise takes one number, its standard deviation"},
        {"flatten; dense 3 mse", "has no targets to learn from"},
    };
    tw_context *ctx = networks_context(1);
    tw_data *data = bytes_of(ctx, ROWS, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_model *model;
        tw_error err;
        assert_int_not_equal(tw_model_create(&model, ctx, cases[i].network, TW_F32, data, 5, &err), TW_OK);
        if (!strstr(err.message, cases[i].message)) fail_msg("%s: %s", cases[i].network, err.message);
    }
    tw_data_free(data);
    tw_context_free(ctx);
}

static void no_labels_are_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        int unlabelled;
        enum tw_targets targets;
    } cases[] = {
        {"flatten; dense 84 mse:target=input", 1, TW_TARGETS_REALS},
        {"flatten; dense 84; huber_loss delta=2 target=input", 1, TW_TARGETS_REALS},
        {"flatten; dense 1; huber_loss delta=2", 0, TW_TARGETS_REALS},
        {"flatten; residual(dense 84 relu); dense 1 mse", 0, TW_TARGETS_REALS},
        {"flatten; dense 3 softmax:smoothing=0.1", 0, TW_TARGETS_CLASSES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_data_options o = TW_DATA_OPTIONS_INIT;
        assert_int_equal(tw_model_needs(cases[i].network, &o, NULL), TW_OK);
        assert_int_equal(o.unlabelled, cases[i].unlabelled);
        assert_int_equal(o.targets, cases[i].targets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_equal_central_differences),
        cmocka_unit_test(losses_are_means_over_the_input),
        cmocka_unit_test(a_row_may_have_several_targets),
        cmocka_unit_test(shares_are_compared_by_the_cross_entropy),
        cmocka_unit_test(shares_of_large_logits_are_finite),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(no_labels_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
