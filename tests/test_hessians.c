/* Second derivatives of linear models, as matrices and as products, beside differences of gradients.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"

/* The weight that is number i of block k. */
static size_t weight_in_block(const tw_model *m, size_t blocks, size_t k, size_t i)
{
    const size_t columns = blocks > 1 ? COLUMNS : tw_model_size(m);
    return i < columns ? k * columns + i : blocks * columns + k;
}

/* The Hessian's part that is read, beside differences of gradients, which are 0 between the blocks. */
static void check_hessian(const char *text, int classes)
{
    enum { MOST = 3 * (COLUMNS + 1) };
    static const uint64_t rows[] = {3, 0, 7, 1, 4, 2, 6, 5};
    static double h[MOST * MOST], up[MOST], down[MOST];
    static some_rows r;
    fill_rows(&r, classes ? classes : 1);
    for (int sparse = 0; sparse < 2; sparse++) {
        tw_context *ctx = context(1);
        tw_data *data = rows_data(ctx, &r, TW_F64, sparse, classes, 1);
        tw_model *m = new_model(ctx, text, TW_F64, data);
        tw_objective f = TW_OBJECTIVE_INIT;
        const tw_draw draw = {.number = 0};
        tw_sums sums;
        assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
        set_weights(m);
        const size_t blocks = f.hessian_blocks, n = tw_model_size(m) / blocks;
        double *w = tw_model_weights(m);
        const tw_eval e =
            {.size = sizeof e, .w = w, .rows = rows, .n = 8, .draw = &draw, .sums = &sums, .gradient = h};
        assert_int_equal(f.hessian(f.user, &e), 0);
        for (size_t k = 0; k < blocks; k++)
            for (size_t i = 0; i < n; i++) {
                double *at = &w[weight_in_block(m, blocks, k, i)];
                const double was = *at, by = 1e-6;
                *at = was + by, evaluate(&f, w, TW_WANT_GRADIENT, rows, 8, up, NULL);
                *at = was - by, evaluate(&f, w, TW_WANT_GRADIENT, rows, 8, down, NULL);
                *at = was;
                for (size_t l = 0; l < blocks; l++)
                    for (size_t j = l == k ? i : 0; j < n; j++) {
                        const size_t to = weight_in_block(m, blocks, l, j);
                        const double wanted = (up[to] - down[to]) / (2 * by),
                                     is = l == k ? h[(k * n + j) * n + i] : 0;
                        if (fabs(wanted - is) > 1e-6)
                            fail_msg("%s: block %zu (%zu, %zu) is %g, by differences %g", text, k, j, i, is,
                                     wanted);
                    }
            }
        tw_model_objective_free(&f);
        tw_model_free(m);
        tw_data_free(data);
        tw_context_free(ctx);
    }
}

/* The Hessian's products with a vector, and its diagonal. */
static void check_products(const char *text, int classes)
{
    enum { MOST = 3 * (COLUMNS + 1) };
    static const uint64_t rows[] = {3, 0, 7, 1, 4, 2, 6, 5};
    static double v[MOST], kept[3 * ROWS], product[MOST], diagonal[MOST], up[MOST], down[MOST], was[MOST];
    static some_rows r;
    fill_rows(&r, classes ? classes : 1);
    for (int sparse = 0; sparse < 2; sparse++) {
        tw_context *ctx = context(1);
        tw_data *data = rows_data(ctx, &r, TW_F64, sparse, classes, 1);
        tw_model *m = new_model(ctx, text, TW_F64, data);
        tw_objective f = TW_OBJECTIVE_INIT;
        const tw_draw draw = {.number = 0};
        tw_sums sums;
        assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
        set_weights(m);
        const size_t n = tw_model_size(m);
        const double by = 1e-6;
        double *w = tw_model_weights(m);
        memcpy(was, w, n * sizeof *w);
        tw_eval e =
            {.size = sizeof e, .w = w, .rows = rows, .n = 8, .draw = &draw, .sums = &sums, .kept = kept};
        e.gradient = diagonal;
        assert_int_equal(f.hessian_times(f.user, &e), 0);
        e.gradient = product, e.vector = v;
        for (size_t k = 0; k <= n; k++) { /* in the end all at once */
            for (size_t i = 0; i < n; i++) v[i] = k == n ? unit(9, i) - 0.5 : i == k;
            assert_int_equal(f.hessian_times(f.user, &e), 0);
            for (size_t i = 0; i < n; i++) w[i] = was[i] + by * v[i];
            evaluate(&f, w, TW_WANT_GRADIENT, rows, 8, up, NULL);
            for (size_t i = 0; i < n; i++) w[i] = was[i] - by * v[i];
            evaluate(&f, w, TW_WANT_GRADIENT, rows, 8, down, NULL);
            memcpy(w, was, n * sizeof *w);
            for (size_t i = 0; i < n; i++)
                if (fabs((up[i] - down[i]) / (2 * by) - product[i]) > 1e-6)
                    fail_msg("%s: product %zu, number %zu is %g, by differences %g", text, k, i, product[i],
                             (up[i] - down[i]) / (2 * by));
            if (k < n) assert_true(fabs(product[k] - diagonal[k]) < 1e-12);
        }
        tw_model_objective_free(&f);
        tw_model_free(m);
        tw_data_free(data);
        tw_context_free(ctx);
    }
}

static void products_equal_differences_of_gradients(void **state)
{
    (void)state;
    check_products("linear", 0), check_products("poisson:l2=0.1", 0), check_products("huber:delta=0.3", 0);
    check_products("logistic:l2=0.01", 2), check_products("svm:intercept=0", 2);
    check_products("logistic:l2=0.1", 3), check_products("svm", 3);
    check_products("softmax:l2=0.1", 3), check_products("softmax:intercept=0", 2);
}

static void hessians_equal_differences_of_gradients(void **state)
{
    static const char *const numbers[] = {"linear", "ridge", "huber:delta=0.3", "poisson:l2=0.1",
                                          "linear:intercept=0"};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) check_hessian(numbers[i], 0);
    check_hessian("logistic:l2=0.01", 2), check_hessian("svm", 2);
    check_hessian("softmax:l2=0.1", 3), check_hessian("logistic:l2=0.1", 3);
    check_hessian("softmax:intercept=0", 2), check_hessian("svm:intercept=0", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hessians_equal_differences_of_gradients),
        cmocka_unit_test(products_equal_differences_of_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
