/* Activations against libm in double, and what they are far out: values and derivatives.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/cpu.h"
#include "models/nn/layer.h"

static double leak(double x) { return x < 0 ? 0.01 * x : x; }
static double elu(double x) { return x < 0 ? expm1(x) : x; }
static double relu(double x) { return x < 0 ? 0 : x; }
static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
static double silu(double x) { return x * sigmoid(x); }
static double softplus(double x) { return (x < 0 ? 0 : x) + log1p(exp(-fabs(x))); }
static double gelu(double x) { return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x))); }

static double slope_of(double (*f)(double), double x)
{
    const double h = 1e-5;
    return (f(x + h) - f(x - h)) / (2 * h);
}

static void check(const char *name, double (*f)(double))
{
    const double x[] = {-800, -40, -3, -1.25, -0.5, -1e-9, 1e-9, 0.3, 1, 2.75, 35, 800};
    enum { N = sizeof x / sizeof x[0] };
    const tw__layer_type *const type = tw__layer_type_find(name);
    double y[N], dx[N], dy[N], own = 0;
    assert_non_null(type);
    if (type->n_options) own = type->options[0].initial;
    const tw__layer l = {.type = type, .out_size = N, .in_size = N, .own = &own};
    for (int isa = TW_ISA_BASE; isa <= (int)tw_isa_of_cpu(); isa++) {
        const tw__pass p = {.k = tw__kernels_for(TW_F64, (tw_isa)isa), .rows = 1};
        type->forward(&l, &p, x, y);
        for (int i = 0; i < N; i++) dy[i] = 2;
        type->backward(&l, &p, x, y, dy, dx);
        for (int i = 0; i < N; i++) {
            const double error = fabs(y[i] - f(x[i])), bound = 1e-15 * fmax(1, fabs(f(x[i])));
            if (error > bound) fail_msg("%s(%g) = %.17g, not %.17g", name, x[i], y[i], f(x[i]));
            if (fabs(x[i]) > 1e-3 && fabs(dx[i] - 2 * slope_of(f, x[i])) > 1e-7)
                fail_msg("%s'(%g) = %.12g, not %.12g", name, x[i], dx[i] / 2, slope_of(f, x[i]));
        }
    }
}

static void values_are_those_of_libm(void **state)
{
    (void)state;
    check("relu", relu);
    check("leaky_relu", leak);
    check("elu", elu);
    check("gelu", gelu);
    check("silu", silu);
    check("sigmoid", sigmoid);
    check("tanh", tanh);
    check("softplus", softplus);
}

static void a_nan_stays_a_nan(void **state)
{
    const char *name;
    (void)state;
    for (size_t i = 0; (name = tw_layer_type(i, NULL, NULL)); i++) {
        const tw__layer_type *const type = tw__layer_type_find(name);
        if (!type->activation || !type->backward) continue;
        double own = 1;
        const tw__layer l = {.type = type, .out_size = 1, .in_size = 1, .own = &own};
        const tw__pass p = {.k = tw__kernels_for(TW_F32, TW_ISA_BASE), .rows = 1};
        const float x = NAN;
        float y = 0;
        type->forward(&l, &p, &x, &y);
        if (!isnan(y)) fail_msg("%s of NaN is %g", name, (double)y);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_libm),
        cmocka_unit_test(a_nan_stays_a_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
