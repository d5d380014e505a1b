/* How weights begin: the variance that each distribution's paper gives, orthonormal rows and columns, zeros.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "models/nn/layer.h"

static double *filled(tw_context *ctx, int word, int64_t out, int64_t in)
{
    const tw__layer_tensor t = {.rank = 2,
                                .shape = {out, in},
                                .size = (size_t)(out * in),
                                .fan_in = (double)in,
                                .fan_out = (double)out};
    double *to = malloc(t.size * sizeof *to);
    assert_int_equal(tw__initial_at(word)->fill(ctx, &t, 3, 7, to, NULL), TW_OK);
    return to;
}

static void variances(void **state)
{
    enum { OUT = 200, IN = 300 };
    static const struct {
        const char *name;
        double variance, most; /* most: the largest number, of a uniform one */
    } want[] = {{"glorot_uniform", 2.0 / (IN + OUT), 1},
                {"glorot_normal", 2.0 / (IN + OUT), 0},
                {"he_uniform", 2.0 / IN, 1},
                {"he_normal", 2.0 / IN, 0},
                {"lecun_uniform", 1.0 / IN, 1},
                {"lecun_normal", 1.0 / IN, 0}};
    tw_context *ctx = *state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        double *w = filled(ctx, (int)i, OUT, IN), mean = 0, squares = 0, largest = 0;
        assert_string_equal(tw__initial_at((double)i)->name, want[i].name);
        for (int k = 0; k < OUT * IN; k++) {
            mean += w[k] / (OUT * IN);
            squares += w[k] * w[k] / (OUT * IN);
            largest = fmax(largest, fabs(w[k]));
        }
        assert_true(fabs(mean) < 4 * sqrt(want[i].variance / (OUT * IN)));
        assert_true(fabs(squares / want[i].variance - 1) < 0.03);
        const double limit = sqrt(3 * want[i].variance);
        assert_true(want[i].most ? largest <= limit && largest > 0.999 * limit : largest > 1.5 * limit);
        free(w);
    }
}

static void orthogonal_rows_or_columns(void **state)
{
    static const int shapes[][2] = {{5, 9}, {9, 5}, {7, 7}, {1, 4}, {4, 1}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const int rows = shapes[s][0], columns = shapes[s][1], few = rows < columns ? rows : columns,
                  many = rows < columns ? columns : rows;
        double *w = filled(*state, TW__ORTHOGONAL, rows, columns);
        for (int i = 0; i < few; i++)
            for (int j = 0; j < few; j++) {
                double sum = 0;
                for (int k = 0; k < many; k++)
                    sum += rows < columns ? w[i * columns + k] * w[j * columns + k]
                                          : w[k * columns + i] * w[k * columns + j];
                assert_true(fabs(sum - (i == j)) < 1e-14);
            }
        free(w);
    }
}

static void zeros_are_zeros(void **state)
{
    (void)state;
    assert_string_equal(tw__initial_at(7)->name, "zeros");
    double *w = filled(*state, 7, 3, 4);
    for (int i = 0; i < 12; i++) assert_true(w[i] == 0);
    free(w);
}

static int open_context(void **state) { return tw_context_create((tw_context **)state, NULL, NULL) != TW_OK; }
static int close_context(void **state)
{
    tw_context_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variances),
        cmocka_unit_test(orthogonal_rows_or_columns),
        cmocka_unit_test(zeros_are_zeros),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
