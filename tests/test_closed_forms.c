/* Runs whose end can be written down: powers and sums instead of a loop (what test_rules.c works out are
 * first steps).
 * SPDX-License-Identifier: MIT */
#include "subject.h"
#include <math.h>

enum { N = 24, STEPS = 60 };

typedef double slope(size_t i, uint64_t t, double w);

/* Weights in double, from bench_number or from `start` where that is no NaN; the reported weights after `n`
 * steps. */
static void run(const char *spec, double start, slope *g, int n, double shown[N])
{
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"", NULL};
    assert_true(snprintf(s.spec, sizeof s.spec, "%s", spec) < (int)sizeof s.spec);
    struct work a = begin(&s, ctx, TW_F64, N, NULL);
    double *w = a.w, *to = a.g;
    for (size_t i = 0; i < N && !isnan(start); i++) w[i] = start;
    for (int t = 0; t < n; t++) {
        for (size_t i = 0; i < N; i++) to[i] = g(i, (uint64_t)t, w[i]);
        assert_int_equal(step(&a, NULL), TW_OK);
    }
    assert_int_equal(tw_view_f64(a.opt, w, shown, NULL), TW_OK);
    end(&a);
    tw_context_free(ctx);
}

/* Curvatures from 0.05 to 9.6, so that lr h goes from nearly nothing to 0.96. */
static double curvature(size_t i) { return 0.05 + 9.55 * (double)i / (N - 1); }
static double quadratic(size_t i, uint64_t t, double w) { return (void)t, curvature(i) * (w - 0.3); }
/* Gradients that stay, of both signs and sizes from 1e-3 to 1e3. */
static double constant(size_t i, uint64_t t, double w)
{
    return (void)t, (void)w, (i % 2 ? -1 : 1) * pow(10, (double)i / 4 - 3);
}
static double changing(size_t i, uint64_t t, double w) { return (void)w, bench_number(i, t); }

static void expect(const char *spec, const double *w, size_t i, double expected, double near)
{
    if (!(fabs(w[i] - expected) <= near * fmax(1, fabs(expected))))
        fail_msg("%s: weight %zu is %.17g, not %.17g", spec, i, w[i], expected);
}

static void sgd_on_a_quadratic_is_a_power(void **state)
{
    (void)state;
    double w[N];
    run("sgd:lr=0.1", NAN, quadratic, STEPS, w);
    for (size_t i = 0; i < N; i++)
        expect("sgd", w, i, 0.3 + pow(1 - 0.1 * curvature(i), STEPS) * (bench_number(i, 1000) - 0.3), 1e-14);
}

/* The distance and velocity after n steps are the n-th power of a 2x2 matrix times those at the start; here
 * by its eigenvalues: with trace T and determinant D the powers are A^n = U_n A - D U_(n-1) I, U_n = (x^n -
 * y^n)/(x - y). Where x and y are a pair, by their angle. */
static double power_series(double trace, double det, int n)
{
    const double d = trace * trace / 4 - det;
    if (d > 0) return (pow(trace / 2 + sqrt(d), n) - pow(trace / 2 - sqrt(d), n)) / (2 * sqrt(d));
    const double r = sqrt(det), angle = acos(trace / 2 / r);
    return pow(r, n - 1) * sin(n * angle) / sin(angle);
}

static void momentum_on_a_quadratic_is_a_power_of_a_matrix(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        double mu;
        int ahead;
    } cases[] = {
        {"momentum:lr=0.1,momentum=0.8", 0.8, 0}, {"sgd:lr=0.1,momentum=0.8", 0.8, 0},
        {"nag:lr=0.1,momentum=0.8", 0.8, 1},      {"momentum:lr=0.1,momentum=0.3", 0.3, 0},
        {"nag:lr=0.1,momentum=0.3", 0.3, 1},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        double w[N];
        const double mu = cases[k].mu;
        run(cases[k].spec, NAN, quadratic, STEPS, w);
        for (size_t i = 0; i < N; i++) {
            /* (x, v) -> (x + v', v'), v' = mu v - lr h (x + ahead mu v) */
            const double lh = 0.1 * curvature(i), vv = mu - (cases[k].ahead ? lh * mu : 0),
                         start = bench_number(i, 1000) - 0.3;
            const double trace = 1 - lh + vv, det = (1 - lh) * vv + vv * lh;
            expect(cases[k].spec, w, i,
                   0.3 + start * ((1 - lh) * power_series(trace, det, STEPS) -
                                  det * power_series(trace, det, STEPS - 1)),
                   1e-13);
        }
    }
}

/* Adam's kin with a constant gradient: the corrected means are g and g^2 in every step. */
static void constant_gradients(void **state)
{
    (void)state;
    double w[N], roots = 0, unfinished = 0;
    for (int k = 1; k <= STEPS; k++) roots += 1 / sqrt(k), unfinished += 1 / sqrt(1 - pow(0.9, k));
    static const char *const adams[] = {"adam:lr=0.01,eps=0.001",
                                        "adam@keras:lr=0.01,eps=0",
                                        "adamw:lr=0.01,eps=0.001,weight_decay=0",
                                        "adamax:lr=0.01,eps=0.001,eps_place=u",
                                        "qhadam:lr=0.01,eps=0.001",
                                        "adan:lr=0.01,eps=0.001",
                                        "yogi:lr=0.01,eps=0.001,beta1=0,beta2=0",
                                        "adam:lr=0.01,eps=0.001,amsgrad=1,amsgrad_on=hat",
                                        "nadam:lr=0.01,eps=0.001,beta1=0"};
    for (size_t k = 0; k < sizeof adams / sizeof adams[0]; k++) {
        run(adams[k], 1, constant, STEPS, w);
        for (size_t i = 0; i < N; i++) {
            const double g = constant(i, 0, 0), eps = strstr(adams[k], "eps=0.001") ? 0.001 : 0;
            expect(adams[k], w, i, 1 - STEPS * 0.01 * g / (fabs(g) + eps), 1e-12);
        }
    }
    run("adagrad:lr=0.01,eps=0", 1, constant, STEPS, w);
    for (size_t i = 0; i < N; i++) expect("adagrad", w, i, 1 - 0.01 * roots * (i % 2 ? -1 : 1), 1e-13);
    run("rmsprop:lr=0.01,eps=0", 1, constant, STEPS, w);
    for (size_t i = 0; i < N; i++) expect("rmsprop", w, i, 1 - 0.01 * unfinished * (i % 2 ? -1 : 1), 1e-13);
    run("adadelta:rho=0.9,eps=0.01", 1, constant, 1, w);
    for (size_t i = 0; i < N; i++) {
        const double g = constant(i, 0, 0);
        expect("adadelta", w, i, 1 - sqrt(0.01) / sqrt((1 - 0.9) * g * g + 0.01) * g, 1e-14);
    }
}

/* From 0 and with a rate that is a power of 2 nothing is rounded: weights are lr times whole numbers, those
 * that the signs add up to. */
static void sign_rules_step_by_lr(void **state)
{
    (void)state;
    static const char *const specs[] = {"signum:lr=0.0009765625,beta=0", "signum:lr=0.0009765625",
                                        "lion:lr=0.0009765625"};
    for (size_t k = 0; k < 3; k++) {
        double w[N], mean[N] = {0}, at[N] = {0};
        for (uint64_t t = 0; t < STEPS; t++)
            for (size_t i = 0; i < N; i++) {
                const double g = bench_number(i, t), by = k == 0 ? g : 0.9 * mean[i] + (1 - 0.9) * g;
                at[i] -= copysign(1, by);
                mean[i] = k == 1 ? by : 0.99 * mean[i] + (1 - 0.99) * g;
            }
        run(specs[k], 0, changing, STEPS, w);
        for (size_t i = 0; i < N; i++)
            if (w[i] != at[i] / 1024)
                fail_msg("%s: weight %zu is %.17g, %g steps, not %g", specs[k], i, w[i], w[i] * 1024, at[i]);
    }
}

/* Rprop as an automaton: +1, 0 or -1 is the sign kept, and a step is lr 1.2^a 0.5^b. */
static void rprop_is_an_automaton(void **state)
{
    (void)state;
    double w[N];
    run("rprop:lr=0.1,step_min=0", 0, changing, STEPS, w);
    for (size_t i = 0; i < N; i++) {
        int kept = 0, up = 0, down = 0;
        double at = 0;
        for (uint64_t t = 0; t < STEPS; t++) {
            const int sign = bench_number(i, t) > 0 ? 1 : -1;
            up += sign * kept > 0;
            down += sign * kept < 0;
            kept = sign * kept < 0 ? 0 : sign;
            const double by = 0.1 * pow(1.2, up) * pow(0.5, down);
            assert_true(by < 50); /* the upper bound is not met */
            at -= kept * by;
        }
        expect("rprop", w, i, at, 1e-13);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_on_a_quadratic_is_a_power),
        cmocka_unit_test(momentum_on_a_quadratic_is_a_power_of_a_matrix),
        cmocka_unit_test(constant_gradients),
        cmocka_unit_test(sign_rules_step_by_lr),
        cmocka_unit_test(rprop_is_an_automaton),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
