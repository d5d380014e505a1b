/* The layer standardize: means and deviations of columns and channels, which stay through training, file and
 * a model that starts from another.
 * SPDX-License-Identifier: MIT */
#include "networks.h"

enum { COLUMNS = 3, N = 4 };
static const float table[N * COLUMNS] = {1, 7, -3, 2, 7, 4, 4, 7, 0, 0, 7, 2.5F};
static const int32_t labels[N] = {0, 1, 1, 0};

static tw_data *make_data(tw_context *ctx, tw_type type, int rank, const int64_t *shape, const void *x,
                          const double *weights)
{
    tw_data_info info = {.size = sizeof info,
                         .rows = N,
                         .rank = rank,
                         .type = type,
                         .x = x,
                         .labels = labels,
                         .weights = weights};
    tw_data *data;
    memcpy(info.shape, shape, (size_t)rank * sizeof *shape);
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    return data;
}

static tw_model *make_model(tw_context *ctx, const char *text, const tw_data *data)
{
    tw_model *m;
    tw_error err;
    if (tw_model_create(&m, ctx, text, TW_F64, data, 1, &err) != TW_OK) fail_msg("%s: %s", text, err.message);
    return m;
}

static void check_first(const tw_model *m, size_t n, const double *want)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(((const double *)m->w)[i] - want[i]) < 1e-15))
            fail_msg("number %zu is %.17g, not %.17g", i, ((const double *)m->w)[i], want[i]);
}

/* Of scikit-learn's StandardScaler, with sample_weight and without; the second column never changes. */
static void columns_of_a_table(void **state)
{
    (void)state;
    static const int64_t shape[] = {COLUMNS};
    static const double row_weights[N] = {1, 2, .5, 1},
                        alike[] = {1.75, 7, 0.875, 1.479019945774904, 1, 2.6545950726994127},
                        weighted[] = {1.5555555555555556, 7, 1.6666666666666667,
                                      1.1653431646335017, 1, 2.778888666755511};
    tw_context *ctx = networks_context(1);
    for (int i = 0; i < 2; i++) {
        tw_data *data = make_data(ctx, TW_F32, 1, shape, table, i ? row_weights : NULL);
        tw_model *m = make_model(ctx, "standardize; dense 2 tanh; dense classes softmax", data);
        check_first(m, 2 * COLUMNS, i ? weighted : alike);
        tw_model_free(m);
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

/* Over rows and pixels, in numbers from 0 to 1. */
static void channels_of_images(void **state)
{
    (void)state;
    enum { PIXELS = 6, CHANNELS_OF_BYTES = 2 };
    static const int64_t shape[] = {2, 3, CHANNELS_OF_BYTES};
    uint8_t x[N * PIXELS * CHANNELS_OF_BYTES];
    double sum[CHANNELS_OF_BYTES] = {0}, squares[CHANNELS_OF_BYTES] = {0}, want[2 * CHANNELS_OF_BYTES];
    const double n = N * PIXELS;
    for (size_t i = 0; i < sizeof x; i++) {
        x[i] = (uint8_t)(i % 5 ? i * 37 % 256 : 0);
        sum[i % 2] += x[i] / 255.0;
    }
    for (size_t i = 0; i < sizeof x; i++) {
        const double away = x[i] / 255.0 - sum[i % 2] / n;
        squares[i % 2] += away * away;
    }
    for (size_t c = 0; c < CHANNELS_OF_BYTES; c++) {
        want[c] = sum[c] / n;
        want[CHANNELS_OF_BYTES + c] = sqrt(squares[c] / n);
    }
    tw_context *ctx = networks_context(1);
    tw_data *data = make_data(ctx, TW_U8, 3, shape, x, NULL);
    tw_model *m = make_model(ctx, "standardize; conv2d 3 2x2 relu; flatten; dense classes softmax", data);
    check_first(m, 2 * CHANNELS_OF_BYTES, want);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* What the layers after it see, are standardized rows: the same outputs as of those without the layer. */
static void outputs_are_those_of_standardized_rows(void **state)
{
    (void)state;
    static const int64_t shape[] = {COLUMNS};
    tw_context *ctx = networks_context(1);
    tw_data *raw = make_data(ctx, TW_F32, 1, shape, table, NULL);
    tw_model *m = make_model(ctx, "standardize; dense 2 tanh; dense classes softmax", raw);
    const double *const w = m->w;
    float x[N * COLUMNS];
    for (size_t i = 0; i < N * COLUMNS; i++)
        x[i] = (float)((table[i] - w[i % COLUMNS]) / w[COLUMNS + i % COLUMNS]);
    tw_data *data = make_data(ctx, TW_F32, 1, shape, x, NULL);
    tw_model *plain = make_model(ctx, "dense 2 tanh; dense classes softmax", data);
    tw_objective a = TW_OBJECTIVE_INIT, b = TW_OBJECTIVE_INIT;
    double one[2 * N], other[2 * N];
    memcpy(plain->w, w + 2 * COLUMNS, plain->size * sizeof(double));
    assert_int_equal(tw_model_objective(m, raw, &a, NULL), TW_OK);
    assert_int_equal(tw_model_objective(plain, data, &b, NULL), TW_OK);
    assert_int_equal(tw_predict(ctx, &a, m->w, 0, N, one, NULL), TW_OK);
    assert_int_equal(tw_predict(ctx, &b, plain->w, 0, N, other, NULL), TW_OK);
    for (size_t i = 0; i < 2 * N; i++) assert_true(fabs(one[i] - other[i]) < 1e-6); /* x is float */
    tw_model_objective_free(&a);
    tw_model_objective_free(&b);
    tw_model_free(m);
    tw_model_free(plain);
    tw_data_free(raw);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* On other rows, and trained: as the first model has them. */
static void a_model_that_starts_from_another_keeps_them(void **state)
{
    (void)state;
    static const int64_t shape[] = {COLUMNS};
    static const float others[N * COLUMNS] = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2};
    tw_context *ctx = networks_context(2);
    tw_data *data = make_data(ctx, TW_F32, 1, shape, table, NULL),
            *more = make_data(ctx, TW_F32, 1, shape, others, NULL);
    tw_model *m = make_model(ctx, "standardize; dense 2 tanh; dense classes softmax", data), *next;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_run_options r = TW_RUN_OPTIONS_INIT;
    tw_run *run;
    int status = TW_RUN_GOING;
    r.optimizer = "adamw:lr=0.1,weight_decay=0.1";
    r.epochs = 3;
    assert_int_equal(tw_model_create_from(&next, ctx, m, NULL, TW_F64, more, NULL), TW_OK);
    assert_memory_equal(next->w, m->w, m->size * sizeof(double));
    assert_int_equal(tw_model_objective(next, more, &o, NULL), TW_OK);
    assert_int_equal(tw_run_create(&run, ctx, &o, NULL, next->w, &r, NULL), TW_OK);
    while (status == TW_RUN_GOING) assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
    assert_memory_equal(next->w, m->w, 2 * COLUMNS * sizeof(double));
    assert_true(memcmp(next->w, m->w, m->size * sizeof(double)) != 0);
    tw_run_free(run);
    tw_model_objective_free(&o);
    tw_model_free(m);
    tw_model_free(next);
    tw_data_free(data);
    tw_data_free(more);
    tw_context_free(ctx);
}

static void it_is_the_first_layer(void **state)
{
    (void)state;
    static const int64_t shape[] = {COLUMNS};
    tw_context *ctx = networks_context(1);
    tw_data *data = make_data(ctx, TW_F32, 1, shape, table, NULL);
    tw_model *m;
    tw_error err;
    assert_int_equal(tw_model_create(&m, ctx, "dense 2; standardize; dense classes softmax", TW_F32, data, 1,
                                     &err),
                     TW_ERR_SPEC);
    assert_string_equal(err.message, "layer 2 (standardize): standardize takes the rows as they are, so it "
                                     "is the first layer");
    assert_int_equal(tw_model_create(&m, ctx, "residual(tanh | standardize); dense classes softmax", TW_F32,
                                     data, 1, &err),
                     TW_ERR_SPEC);
    assert_int_equal(tw_model_create(&m, ctx, "dense 3; standardize", TW_F32, data, 1, &err), TW_ERR_SPEC);
    tw_data_free(data);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_a_table),
        cmocka_unit_test(channels_of_images),
        cmocka_unit_test(outputs_are_those_of_standardized_rows),
        cmocka_unit_test(a_model_that_starts_from_another_keeps_them),
        cmocka_unit_test(it_is_the_first_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
