/* Columns of one scale: their means and deviations, what binds to them, files, models to start from.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"
#include "fault_walk.h"

enum { N = 4, WIDTH = 4 };
static const double numbers[] = {1, 0, 5, -3, 2, 0, 5, 4, 4, 1, 5, 0, 0, 0, 5, 2.5};
static const double weights[] = {1, 2, .5, 1}, few[] = {1, 2, 3, 1};
static const int32_t labels[] = {0, 1, 1, 0};

/* The same rows, dense or sparse. */
static tw_data *four_rows(tw_context *ctx, int sparse, const double *row_weights, double times)
{
    double x[N * WIDTH];
    uint64_t starts[N + 1] = {0};
    uint32_t columns[N * WIDTH];
    tw_data *data;
    size_t n = 0;
    for (size_t i = 0; i < N * WIDTH; i++) {
        if (!sparse || numbers[i] != 0) columns[n] = (uint32_t)(i % WIDTH), x[n++] = numbers[i] * times;
        starts[i / WIDTH + 1] = n;
    }
    const tw_data_info info = {.size = sizeof info,
                               .rows = N,
                               .rank = 1,
                               .shape = {WIDTH},
                               .type = TW_F64,
                               .x = x,
                               .starts = sparse ? starts : NULL,
                               .columns = sparse ? columns : NULL,
                               .labels = labels,
                               .weights = row_weights};
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    return data;
}

static void check_scale(int sparse, const double *row_weights, double times, const double *mean,
                        const double *deviation)
{
    tw_context *ctx = context(1);
    tw_data *data = four_rows(ctx, sparse, row_weights, times);
    tw_model *m = new_model(ctx, "logistic:standardize=1", TW_F64, data);
    assert_true(sparse == (m->center == NULL));
    for (size_t j = 0; j < WIDTH; j++) {
        const double unit = j == 2 ? 1 : times; /* the third never changes */
        if (m->center && !(fabs(m->center[j] / times - mean[j]) < 1e-15))
            fail_msg("%zu: %.17g", j, m->center[j] / times);
        if (!(fabs(m->scale[j] / unit - deviation[j]) < 1e-15)) fail_msg("%zu: %.17g", j, m->scale[j] / unit);
    }
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* Of scikit-learn 1.2.1's StandardScaler, with sample_weight and without; numbers may have any size. */
static void means_and_deviations_are_those_of_scikit_learn(void **state)
{
    (void)state;
    static const double mean[] = {1.75, .25, 5, .875},
                        deviation[] = {1.479019945774904, .4330127018922193, 1, 2.6545950726994127},
                        weighted_mean[] = {1.5555555555555556, .1111111111111111, 5, 1.6666666666666667},
                        weighted[] = {1.1653431646335017, .31426968052735443, 1, 2.778888666755511};
    for (int sparse = 0; sparse < 2; sparse++) {
        check_scale(sparse, NULL, 1, mean, deviation);
        check_scale(sparse, weights, 1, weighted_mean, weighted);
        check_scale(sparse, NULL, 0x1p1000, mean, deviation);
        check_scale(sparse, NULL, 0x1p-1000, mean, deviation);
    }
}

/* What a row's outputs are, from the saved numbers. */
static void rows_are_standardized_for_every_use(void **state)
{
    (void)state;
    tw_context *ctx = context(2);
    for (int sparse = 0; sparse < 2; sparse++) {
        tw_data *data = four_rows(ctx, sparse, weights, 1);
        tw_model *m = new_model(ctx, "ridge:l2=0.1,standardize=1", TW_F64, data);
        tw_objective o = TW_OBJECTIVE_INIT;
        double p[N], folded[WIDTH + 1];
        set_weights(m);
        const double *w = tw_model_weights(m);
        assert_int_equal(tw_model_objective(m, data, &o, NULL), TW_OK);
        assert_int_equal(tw_predict(ctx, &o, w, 0, N, p, NULL), TW_OK);
        tw__standardize_fold(m, w, folded);
        for (size_t i = 0; i < N; i++) {
            double score = w[WIDTH], raw = folded[WIDTH];
            for (size_t j = 0; j < WIDTH; j++) {
                const double x = numbers[i * WIDTH + j];
                score += w[j] * ((x - (m->center ? m->center[j] : 0)) / m->scale[j]);
                raw += folded[j] * x;
            }
            assert_true(fabs(score - p[i]) < 1e-14 && fabs(raw - p[i]) < 1e-13);
        }
        tw_model_objective_free(&o);
        tw_model_free(m);
        tw_data_free(data);
    }
    tw_context_free(ctx);
}

static void a_file_has_the_scale(void **state)
{
    (void)state;
    static const char path[] = "standardized.safetensors";
    tw_context *ctx = context(1);
    for (int sparse = 0; sparse < 2; sparse++) {
        tw_data *data = four_rows(ctx, sparse, NULL, 1);
        tw_model *m = new_model(ctx, "logistic:standardize=1", TW_F32, data), *loaded;
        set_weights(m);
        assert_int_equal(tw_model_save(m, NULL, path, NULL), TW_OK);
        assert_int_equal(tw_model_load(&loaded, ctx, path, NULL), TW_OK);
        assert_memory_equal(loaded->scale, m->scale, WIDTH * sizeof *m->scale);
        assert_true(!loaded->center == !m->center);
        if (m->center) assert_memory_equal(loaded->center, m->center, WIDTH * sizeof *m->center);
        assert_memory_equal(loaded->w, m->w, m->size * sizeof(float));
        tw_model_free(m);
        tw_model_free(loaded);
        tw_data_free(data);
    }
    remove(path);
    tw_context_free(ctx);
}

/* On other rows the weights change so that predictions stay; on the same rows they stay. */
static void a_model_that_starts_from_it_predicts_the_same(void **state)
{
    (void)state;
    static const char *const models[] = {"logistic:standardize=1", "logistic"};
    tw_context *ctx = context(1);
    tw_data *data = four_rows(ctx, 0, NULL, 1), *other = four_rows(ctx, 0, few, 1);
    for (int from = 0; from < 2; from++)
        for (int to = 0; to < 2; to++) {
            tw_model *m = new_model(ctx, models[from], TW_F64, data), *same, *moved;
            tw_model *each[2];
            double p[3][N];
            set_weights(m);
            assert_int_equal(tw_model_create_from(&same, ctx, m, models[from], TW_F64, data, NULL), TW_OK);
            assert_memory_equal(same->w, m->w, m->size * sizeof(double));
            assert_int_equal(tw_model_create_from(&moved, ctx, m, models[to], TW_F64, other, NULL), TW_OK);
            each[0] = m, each[1] = moved;
            for (int k = 0; k < 2; k++) {
                tw_objective o = TW_OBJECTIVE_INIT;
                assert_int_equal(tw_model_objective(each[k], data, &o, NULL), TW_OK);
                assert_int_equal(tw_predict(ctx, &o, tw_model_weights(each[k]), 0, N, p[k], NULL), TW_OK);
                tw_model_objective_free(&o);
            }
            for (int i = 0; i < N; i++) assert_true(fabs(p[0][i] - p[1][i]) < 1e-14);
            tw_model_free(m), tw_model_free(same), tw_model_free(moved);
        }
    tw_data_free(data), tw_data_free(other);
    tw_context_free(ctx);
}

static void rows_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_error err;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_data *data = four_rows(ctx, 0, NULL, 0x1p-1000), *sparse = four_rows(ctx, 1, NULL, 1),
            *huge = four_rows(ctx, 0, NULL, 0x1p1000);
    tw_model *m = new_model(ctx, "logistic:standardize=1", TW_F64, data);
    assert_int_equal(tw_model_objective(m, sparse, &o, &err), TW_ERR_DATA);
    assert_non_null(strstr(err.message, "sparse rows, but the model was standardized on dense ones"));
    assert_int_equal(tw_model_objective(m, huge, &o, &err), TW_ERR_DATA);
    assert_string_equal(err.message, "memory: column 1 has a number that is too large once standardized");
    tw_model_free(m);
    tw_data_free(data), tw_data_free(sparse), tw_data_free(huge);
    tw_context_free(ctx);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    for (fault_walk k = {.least = 5}; fault_walk_next(&k);) {
        tw_model *m = NULL;
        tw_objective o = TW_OBJECTIVE_INIT;
        tw_data *data = four_rows(k.ctx, 0, weights, 1);
        fault_walk_arm(&k);
        tw_status s = tw_model_create(&m, k.ctx, "softmax:standardize=1", TW_F32, data, 0, NULL);
        if (s == TW_OK) s = tw_model_objective(m, data, &o, NULL);
        tw_model_objective_free(&o);
        tw_model_free(m);
        tw_data_free(data);
        fault_walk_end(&k, s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_and_deviations_are_those_of_scikit_learn),
        cmocka_unit_test(rows_are_standardized_for_every_use),
        cmocka_unit_test(a_file_has_the_scale),
        cmocka_unit_test(a_model_that_starts_from_it_predicts_the_same),
        cmocka_unit_test(rows_that_do_not_fit_are_refused),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
