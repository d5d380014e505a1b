/* Rows of a network that count differently: weights of 1 change no bit, a weight of 2 is the row twice, and
 * class_weight=balanced is a weight that follows from the classes.
 * SPDX-License-Identifier: MIT */
#include "networks.h"

enum { IN = 5, N = 40, MOST = 2 * N };

/* Rows of noise of classes 0, 0, 1, 0, 0, 1, ..., or with targets; row i as often as `times` says. */
static tw_data *rows_of(tw_context *ctx, int classes, const double *weights, const int *times)
{
    float x[MOST][IN];
    int32_t labels[MOST];
    double targets[MOST];
    uint64_t n = 0;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < (times ? times[i] : 1); k++, n++) {
            for (int j = 0; j < IN; j++)
                x[n][j] = (float)tw__random_unit(1, TW__FOR_TEST, 0, (uint64_t)(i * IN + j));
            labels[n] = i % 3 == 2 ? classes - 1 : 0;
            targets[n] = x[n][0] + 2 * x[n][1];
        }
    tw_data *data;
    const tw_data_info r = {.size = sizeof r,
                            .rows = n,
                            .rank = 1,
                            .shape = {IN},
                            .type = TW_F32,
                            .x = x,
                            .labels = classes ? labels : NULL,
                            .targets = classes ? NULL : targets,
                            .n_targets = classes ? 0 : 1,
                            .weights = weights};
    assert_int_equal(tw_data_create(&data, ctx, &r, NULL), TW_OK);
    return data;
}

/* Loss and accuracy of the mean over all rows, and its gradient. */
static tw_metrics gradient_of(const char *network, tw_context *ctx, tw_data *data, double *g, size_t *n)
{
    uint64_t rows[MOST];
    const tw_draw draw = {.number = 3, .seed = 9};
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_metrics m;
    tw_model *model;
    tw__batch *batch;
    tw_sums sums;
    tw_error err;
    if (tw_model_create(&model, ctx, network, TW_F64, data, 5, &err) != TW_OK)
        fail_msg("%s: %s", network, err.message);
    assert_int_equal(tw_model_objective(model, data, &o, &err), TW_OK);
    for (uint64_t i = 0; i < o.n_rows; i++) rows[i] = i;
    *n = tw_model_size(model);
    assert_int_equal(tw__batch_create(&batch, ctx, &o, NULL), TW_OK);
    const tw__fp_mode mode = tw__fp_enter();
    assert_int_equal(tw__batch_sum(batch, tw_model_weights(model), rows, (size_t)o.n_rows, &draw, mode, g,
                                   &sums, NULL),
                     TW_OK);
    tw__fp_leave(mode);
    for (size_t i = 0; i < *n; i++) g[i] /= sums.weight;
    assert_int_equal(tw_evaluate(ctx, &o, tw_model_weights(model), &m, NULL), TW_OK);
    tw__batch_free(batch);
    tw_model_objective_free(&o);
    tw_model_free(model);
    return m;
}

static const struct {
    const char *network;
    int classes;
} networks[] = {
    {"dense 6 tanh; dense classes softmax", 3}, {"dense 6 tanh; dense classes softmax:smoothing=0.2", 2},
    {"dense 6 tanh; dense 1 sigmoid", 2},       {"dense 6 tanh; dense 1 hinge_loss", 2},
    {"dense 6 tanh; dense 1 mse", 0},           {"dense 6 tanh; dense 1 l1_loss", 0},
    {"dense 6 tanh; dense 1 huber_loss", 0},
};

static void weights_of_one_change_no_bit(void **state)
{
    (void)state;
    double ones[N], a[500], b[500];
    size_t n;
    for (int i = 0; i < N; i++) ones[i] = 1;
    tw_context *ctx = networks_context(2);
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        tw_data *plain = rows_of(ctx, networks[i].classes, NULL, NULL),
                *weighted = rows_of(ctx, networks[i].classes, ones, NULL);
        const tw_metrics m = gradient_of(networks[i].network, ctx, plain, a, &n),
                         same = gradient_of(networks[i].network, ctx, weighted, b, &n);
        assert_memory_equal(a, b, n * sizeof *a);
        assert_memory_equal(&m.loss, &same.loss, sizeof m.loss);
        if (networks[i].classes) assert_true(m.accuracy == same.accuracy);
        tw_data_free(plain);
        tw_data_free(weighted);
    }
    tw_context_free(ctx);
}

static void check_near(const char *network, const tw_metrics *a, const tw_metrics *b, const double *g,
                       const double *h, size_t n)
{
    if (fabs(a->loss - b->loss) > 1e-12) fail_msg("%s: loss %.15g, not %.15g", network, a->loss, b->loss);
    if (fabs(a->accuracy - b->accuracy) > 1e-12)
        fail_msg("%s: accuracy %.15g, not %.15g", network, a->accuracy, b->accuracy);
    for (size_t i = 0; i < n; i++)
        if (fabs(g[i] - h[i]) > 1e-12)
            fail_msg("%s: gradient of weight %zu: %.15g, not %.15g", network, i, g[i], h[i]);
}

static void a_weight_of_two_is_the_row_twice(void **state)
{
    (void)state;
    double weights[N], a[500], b[500];
    int times[N];
    size_t n;
    for (int i = 0; i < N; i++) weights[i] = times[i] = 1 + i % 2;
    tw_context *ctx = networks_context(2);
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        tw_data *twice = rows_of(ctx, networks[i].classes, NULL, times),
                *weighted = rows_of(ctx, networks[i].classes, weights, NULL);
        const tw_metrics m = gradient_of(networks[i].network, ctx, twice, a, &n),
                         same = gradient_of(networks[i].network, ctx, weighted, b, &n);
        check_near(networks[i].network, &m, &same, a, b, n);
        tw_data_free(twice);
        tw_data_free(weighted);
    }
    tw_context_free(ctx);
}

/* 27 rows of class 0 and 13 of class 1 (N = 40). */
static void balanced_classes_are_weights_of_rows(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"dense 6 tanh; dense classes softmax:smoothing=0.1,class_weight=balanced",
         "dense 6 tanh; dense classes softmax:smoothing=0.1"},
        {"dense 6 tanh; dense 1 sigmoid:class_weight=balanced", "dense 6 tanh; dense 1 sigmoid"},
        {"dense 6 tanh; dense 1; hinge_loss class_weight=balanced", "dense 6 tanh; dense 1 hinge_loss"},
    };
    double weights[N], a[500], b[500];
    size_t n;
    for (int i = 0; i < N; i++) weights[i] = N / (2 * (i % 3 == 2 ? 13.0 : 27.0));
    tw_context *ctx = networks_context(2);
    tw_data *plain = rows_of(ctx, 2, NULL, NULL), *weighted = rows_of(ctx, 2, weights, NULL);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const tw_metrics m = gradient_of(pairs[i][0], ctx, plain, a, &n),
                         same = gradient_of(pairs[i][1], ctx, weighted, b, &n);
        check_near(pairs[i][0], &m, &same, a, b, n);
    }
    tw_data_free(plain);
    tw_data_free(weighted);
    tw_context_free(ctx);
}

/* Of 3 classes of 3, 3 and 2 rows. */
static void gradients_equal_central_differences(void **state)
{
    (void)state;
    networks_check_gradient("flatten; dense 4; batchnorm; dense classes softmax:class_weight=balanced", 3);
    networks_check_gradient("flatten; dense classes softmax:smoothing=0.1,class_weight=balanced", 3);
    networks_check_threads("flatten; dense 4; batchnorm; dense classes softmax:class_weight=balanced", 3);
}

static void classes_without_rows_are_refused(void **state)
{
    (void)state;
    tw_context *ctx = networks_context(1);
    tw_data *data = rows_of(ctx, 3, NULL, NULL);
    tw_model *model;
    tw_error err;
    assert_int_equal(tw_model_create(&model, ctx, "dense 4 softmax:class_weight=balanced", TW_F32, data, 5,
                                     &err),
                     TW_ERR_DATA);
    assert_non_null(strstr(err.message, "class 1, so class_weight=balanced"));
    tw_data_free(data);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_of_one_change_no_bit),
        cmocka_unit_test(a_weight_of_two_is_the_row_twice),
        cmocka_unit_test(balanced_classes_are_weights_of_rows),
        cmocka_unit_test(gradients_equal_central_differences),
        cmocka_unit_test(classes_without_rows_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
