/* Surfaces: minima and known values, gradients of every operation and every surface against central
 * differences, noise, specs, and what is refused.
 * SPDX-License-Identifier: MIT */
#include "optimizer_bench.h"
#include "faulty_io.h"
#include <math.h>
#include <thalweg/surface.h>
#include <thalweg/train.h>
#include "math/normal.h"
#include "models/formula_gradient.h"

static tw_context *ctx;

static tw_surface *surface(const char *spec, tw_type type)
{
    tw_surface *s;
    tw_error err;
    if (tw_surface_create(&s, ctx, spec, type, &err) != TW_OK) fail_msg("%s: %s", spec, err.message);
    return s;
}

static double value_at(const tw_surface *s, double x, double y)
{
    return tw_surface_value(s, (const double[]){x, y}, NULL);
}

/* ---- Differentiation ---- */

enum { TERMS = 64 };

static double with_gradient(const char *text, double x, double y, double gradient[2])
{
    tw__term terms[TERMS];
    tw_formula f = {0, terms};
    tw_error err;
    const double point[] = {x, y};
    if (tw__formula_read(terms, TERMS, &f.n, tw__text_of(text), "x y", &err) != TW_OK)
        fail_msg("%s: %s", text, err.message);
    const double value = tw__formula_gradient(&f, point, gradient), plain = tw__formula_value(&f, point);
    if (!(value == plain || fabs(value - plain) <= 1e-14 * fabs(plain) || (isnan(value) && isnan(plain))))
        fail_msg("%s: %.17g with its gradient, %.17g without", text, value, plain);
    return value;
}

static void derivatives_by_hand(void **state)
{
    (void)state;
    const double x = 1.25, y = -0.75;
    const struct {
        const char *text;
        double dx, dy;
    } cases[] = {
        {"7", 0, 0},
        {"x", 1, 0},
        {"y", 0, 1},
        {"-x", -1, 0},
        {"x + y", 1, 1},
        {"x - y", 1, -1},
        {"x*y", y, x},
        {"x/y", 1 / y, -x / (y * y)},
        {"exp(x*y)", y * exp(x * y), x * exp(x * y)},
        {"log(x)", 1 / x, 0},
        {"sqrt(x)", 0.5 / sqrt(x), 0},
        {"sin(y)", 0, cos(y)},
        {"cos(y)", 0, -sin(y)},
        {"tanh(x)", 1 - tanh(x) * tanh(x), 0},
        {"abs(x)", 1, 0},
        {"abs(y)", 0, -1},
        {"abs(x - x)", 0, 0},
        {"floor(x)", 0, 0},
        {"ceil(x*y)", 0, 0},
        {"min(x, y)", 0, 1},
        {"max(x, y)", 1, 0},
        {"min(y, x)", 0, 1},
        {"max(y, x)", 1, 0},
        {"min(x, x + 0*y)", 1, 0},
        {"x < y", 0, 0},
        {"x <= y", 0, 0},
        {"x > y", 0, 0},
        {"x >= y", 0, 0},
        {"x == y", 0, 0},
        {"x != y", 0, 0},
        {"x > y ? x*y : x/0", y, x},
        {"if(x < y, log(y), y^2)", 0, 2 * y},
        {"x^2", 2 * x, 0},
        {"y^3", 0, 3 * y * y},
        {"y^-2", 0, -2 / (y * y * y)},
        {"y^0", 0, 0},
        {"y^1", 0, 1},
        {"x^0.5", 0.5 / sqrt(x), 0},
        {"x^65", 65 * pow(x, 64), 0},
        {"y^65", 0, 65 * pow(y, 64)},
        {"2^y", 0, log(2) * pow(2, y)},
        {"x^y", y * pow(x, y - 1), log(x) * pow(x, y)},
        {"pow(x, 3)", 3 * x * x, 0},
        {"sin(x)*x^2 + y", cos(x) * x * x + 2 * x * sin(x), 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double g[2];
        with_gradient(cases[i].text, x, y, g);
        if (!(fabs(g[0] - cases[i].dx) <= 4e-15 * fabs(cases[i].dx) &&
              fabs(g[1] - cases[i].dy) <= 4e-15 * fabs(cases[i].dy)))
            fail_msg("%s has the gradient (%.17g, %.17g), not (%.17g, %.17g)", cases[i].text, g[0], g[1],
                     cases[i].dx, cases[i].dy);
    }
}

/* 0 * inf is 0; what has no derivative is infinite or one-sided, never a NaN by accident. */
static void derivatives_at_the_edge(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double x, y, dx, dy;
    } cases[] = {
        {"sqrt(x^2 + y^2)", 0, 0, 0, 0},
        {"sqrt(x)", 0, 0, INFINITY, 0},
        {"sqrt(0*x)*y", 1, 1, 0, 0},
        {"x^0", 0, 0, 0, 0},
        {"x^1", 0, 0, 1, 0},
        {"x^0.5", 0, 0, INFINITY, 0},
        {"x^y", 0, 2, 0, 0},
        {"abs(x)", 0, 0, 0, 0},
        {"min(y, sqrt(x))", 0, -1, 0, 1},
        {"1/0 + y", 1, 1, 0, 1},
        {"y*(1/0 > 1)", 1, 1, 0, 1},
        {"x*log(y)", 0, 0, -INFINITY, 0},
        {"max(x, 0/0)", 1, 1, 0, 0},
        {"max(0/0, x)", 1, 1, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double g[2];
        with_gradient(cases[i].text, cases[i].x, cases[i].y, g);
        if (!(g[0] == cases[i].dx && g[1] == cases[i].dy))
            fail_msg("%s at (%g, %g) has the gradient (%g, %g)", cases[i].text, cases[i].x, cases[i].y, g[0],
                     g[1]);
    }
}

static void whole_powers_are_products(void **state)
{
    (void)state;
    double g[2];
    for (int i = 0; i < 1000; i++) {
        const double x = 30 * bench_number((uint64_t)i, 1);
        assert_true(with_gradient("x^2", x, 0, g) == x * x && g[0] == 2 * x);
        assert_true(with_gradient("x^3", x, 0, g) == x * (x * x) && g[0] == 3 * (x * x));
        assert_true(with_gradient("x^-1", x, 0, g) == 1 / x);
    }
}

/* ---- The surfaces ---- */

static void minima(void **state)
{
    (void)state;
    const tw_surface_kind *k;
    for (size_t i = 0; (k = tw_surface_kind_at(i)) != NULL; i++) {
        tw_surface *s = surface(k->name, TW_F64);
        for (int m = 0; m < k->n_minima; m++) {
            double g[2];
            const double value = tw_surface_value(s, k->minima[m], g),
                         scale = k->least == 0 ? 1 : fabs(k->least);
            if (!(fabs(value - k->least) <= 4e-15 * scale))
                fail_msg("%s: %.17g at minimum %d, not %.17g", k->name, value, m, k->least);
            if (!(hypot(g[0], g[1]) <= 1e-12))
                fail_msg("%s: gradient (%g, %g) at minimum %d", k->name, g[0], g[1], m);
            for (int j = 0; j < 2; j++)
                assert_true(k->low[j] < k->minima[m][j] && k->minima[m][j] < k->high[j]);
        }
        for (int p = 0; p < 2000 && k->n_minima; p++) { /* nothing is lower */
            const double x = k->low[0] + (k->high[0] - k->low[0]) * (bench_number((uint64_t)p, 0) + 1) / 2;
            const double y = k->low[1] + (k->high[1] - k->low[1]) * (bench_number((uint64_t)p, 1) + 1) / 2;
            if (!(value_at(s, x, y) >= k->least))
                fail_msg("%s: %.17g at (%g, %g)", k->name, value_at(s, x, y), x, y);
        }
        for (int j = 0; j < 2; j++) assert_true(k->low[j] < k->start[j] && k->start[j] < k->high[j]);
        assert_true(*k->use && *k->formula);
        tw_surface_free(s);
    }
    assert_int_equal(k == NULL, 1);
}

static void known_values(void **state)
{
    (void)state;
    const struct {
        const char *spec;
        double x, y, value;
    } cases[] = {
        {"quadratic", 10, 1, 55},
        {"quadratic:condition=4", -5, -2, 20.5},
        {"valley", -5, -2, 20.5},
        {"bowl", -7, 2, 6.45},
        {"saddle", 1, 2, -3},
        {"monkey-saddle", 1, 2, -11},
        {"monkey-saddle", 2, 1, 2},
        {"beale", 0, 0, 14.203125},
        {"beale", 1, 1.5, 41.25},
        {"rosenbrock", -1.2, 1, 24.2},
        {"rosenbrock:a=2,b=3", 1, -1, 13},
        {"rosenbrock:a=-2", -2, 4, 0},
        {"himmelblau", 0, 0, 170},
        {"himmelblau", -0.270845, -0.923039, 181.61652},
        {"booth", 0, 0, 74},
        {"matyas", 1, 1, 0.04},
        {"rastrigin", 1, 1, 2},
        {"rastrigin", 0.5, 0, 20.25},
        {"ackley", 1, 1, 3.6253849384403627},
        {"goldstein-price", -0.6, -0.4, 30},
        {"goldstein-price", 1.8, 0.2, 84},
        {"goldstein-price", 1.2, 0.8, 840},
        {"goldstein-price", 0, 0, 600},
        {"three-hump-camel", 1, 1, 1.0 / 6 + 2 - 1.05 + 2},
        {"three-hump-camel", 1.7475523, -0.8737761, 0.2986384},
        {"six-hump-camel", 1, 1, 1 + 2.2 + 1.0 / 3 * 1 - 0.3},
        {"six-hump-camel", 1.7036067, -0.7960836, -0.2154638},
        {"styblinski-tang", 0, 0, 0},
        {"styblinski-tang", 1, 1, -10},
        {"styblinski-tang", 2.746803, 2.746803, -50.05889},
        {"expr:\"x^2/20 + y^2\"", -7, 2, 6.45},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_surface *s = surface(cases[i].spec, TW_F64);
        const double value = value_at(s, cases[i].x, cases[i].y);
        if (!(fabs(value - cases[i].value) <= 1e-6 * fabs(cases[i].value) + 1e-15))
            fail_msg("%s(%g, %g) is %.17g, not %.17g", cases[i].spec, cases[i].x, cases[i].y, value,
                     cases[i].value);
        tw_surface_free(s);
    }
}

/* One evaluation through the objective, at a point of its type. */
static double evaluate(const tw_objective *o, double x, double y, uint64_t number, double gradient[2])
{
    const float point32[] = {(float)x, (float)y};
    const double point64[] = {x, y};
    float g32[2];
    tw_sums sums;
    const tw_draw draw = {.number = number, .seed = 11};
    const int is32 = o->type == TW_F32;
    const tw_eval e = {.size = sizeof e,
                       .want = TW_WANT_LOSS | TW_WANT_GRADIENT,
                       .w = is32 ? (const void *)point32 : point64,
                       .draw = &draw,
                       .sums = &sums,
                       .gradient = is32 ? (void *)g32 : gradient};
    assert_int_equal(o->eval(o->user, &e), 0);
    assert_true(sums.weight == 1 && sums.correct == 0);
    for (int k = 0; k < 2 && is32; k++) gradient[k] = g32[k];
    return sums.loss;
}

/* Four-point differences of the values that the objective gives, at 200 points of the window. */
static void check_gradient(const char *spec, uint64_t number)
{
    tw_surface *s = surface(spec, TW_F64);
    tw_objective o = TW_OBJECTIVE_INIT;
    double low[2], high[2];
    assert_int_equal(tw_surface_objective(s, 1, &o, NULL), TW_OK);
    assert_true(o.type == TW_F64 && o.n_rows == 0 && o.n_tensors == 1 && o.tensors[0].shape[0] == 2);
    tw_surface_window(s, low, high);
    for (uint64_t p = 0; p < 200; p++) {
        const double h = 0x1p-12, at[] = {low[0] + (high[0] - low[0]) * (bench_number(p, 0) + 1) / 2,
                                          low[1] + (high[1] - low[1]) * (bench_number(p, 1) + 1) / 2};
        double g[2], unused[2], most = fabs(evaluate(&o, at[0], at[1], number, g));
        for (int k = 0; k < 2; k++) {
            double value[5];
            for (int i = 0; i < 5; i++) {
                value[i] = evaluate(&o, at[0] + (k == 0) * (i - 2) * h, at[1] + (k == 1) * (i - 2) * h,
                                    number, unused);
                most = fmax(most, fabs(value[i]));
            }
            const double slope = (8 * (value[3] - value[1]) - (value[4] - value[0])) / (12 * h);
            if (!(fabs(slope - g[k]) <= 1e-8 * (1 + fabs(slope)) + 1e-11 * most))
                fail_msg("%s at (%g, %g): derivative %d is %.12g, by differences %.12g", spec, at[0], at[1],
                         k, g[k], slope);
        }
    }
    tw_surface_free(s);
}

static void gradients(void **state)
{
    (void)state;
    const tw_surface_kind *k;
    for (size_t i = 0; (k = tw_surface_kind_at(i)) != NULL; i++) {
        char spec[64];
        check_gradient(k->name, 0);
        snprintf(spec, sizeof spec, "%s:noise=3", k->name);
        check_gradient(spec, i + 5);
    }
    check_gradient("quadratic:condition=1000", 0);
    check_gradient("rosenbrock:a=-0.5,b=7", 0);
    check_gradient("expr:\"x > y ? sin(x*y) : tanh(x - y)^2 + max(x, 2*y)^3 + exp(-x^2)*abs(y)/(1 + x^2)\"",
                   0);
}

/* In float the point is exact in double, the value too, and the gradient is the double one rounded. */
static void float_is_double_rounded(void **state)
{
    (void)state;
    const tw_surface_kind *k;
    for (size_t i = 0; (k = tw_surface_kind_at(i)) != NULL; i++) {
        tw_surface *single = surface(k->name, TW_F32), *full = surface(k->name, TW_F64);
        tw_objective a = TW_OBJECTIVE_INIT, b = TW_OBJECTIVE_INIT;
        assert_int_equal(tw_surface_objective(single, 0, &a, NULL) | tw_surface_objective(full, 0, &b, NULL),
                         TW_OK);
        for (uint64_t p = 0; p < 100; p++) {
            const double x = (float)(3 * bench_number(p, 7)), y = (float)(3 * bench_number(p, 8));
            double ga[2], gb[2];
            assert_true(evaluate(&a, x, y, 0, ga) == evaluate(&b, x, y, 0, gb));
            assert_true((float)ga[0] == (float)gb[0] && (float)ga[1] == (float)gb[1]);
        }
        tw_surface_free(single);
        tw_surface_free(full);
    }
}

/* ---- Noise ---- */

static void noise(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    tw_surface *s = surface("beale:noise=0.5", TW_F64);
    tw_objective noisy = TW_OBJECTIVE_INIT, exact = TW_OBJECTIVE_INIT;
    double g[2], g0[2], mean[2] = {0}, square[2] = {0}, both = 0;
    assert_int_equal(tw_surface_objective(s, 1, &noisy, NULL) | tw_surface_objective(s, 0, &exact, NULL),
                     TW_OK);
    const double value = evaluate(&exact, 2, -1, 3, g0);
    assert_true(value == value_at(s, 2, -1));
    for (uint64_t n = 0; n < DRAWS; n++) {
        const double v = evaluate(&noisy, 2, -1, n, g), a = (g[0] - g0[0]) / 0.5, b = (g[1] - g0[1]) / 0.5;
        if (n < 100) {
            assert_true(fabs(a - tw__random_normal(11, TW__FOR_SURFACE, 0, 2 * n)) < 1e-12 &&
                        fabs(b - tw__random_normal(11, TW__FOR_SURFACE, 0, 2 * n + 1)) < 1e-12);
            assert_true(fabs(v - value - 0.5 * (2 * a - b)) < 1e-11);
        }
        const double slope[] = {a, b};
        for (int k = 0; k < 2; k++) mean[k] += slope[k] / DRAWS, square[k] += slope[k] * slope[k] / DRAWS;
        both += a * b / DRAWS;
    }
    for (int k = 0; k < 2; k++)
        assert_true(fabs(mean[k]) < 4 / sqrt(DRAWS) && fabs(square[k] - 1) < 6 / sqrt(DRAWS));
    assert_true(fabs(both) < 4 / sqrt(DRAWS));
    tw_surface_free(s);
}

/* The loop over a noisy surface: the same seed gives the same bits, another seed another path, on any number
 * of threads. */
static void runs(void **state)
{
    (void)state;
    double ends[3][2];
    for (int i = 0; i < 3; i++) {
        tw_context *own = bench_context(i == 1 ? 3 : 1, TW_ISA_DETECT);
        tw_surface *s;
        tw_objective o = TW_OBJECTIVE_INIT;
        tw_run *run;
        tw_run_options options = TW_RUN_OPTIONS_INIT;
        tw_error err;
        int status = TW_RUN_GOING;
        assert_int_equal(tw_surface_create(&s, own, "bowl:noise=0.1", TW_F64, NULL), TW_OK);
        assert_int_equal(tw_surface_objective(s, 1, &o, NULL), TW_OK);
        tw_surface_start(s, ends[i]);
        options.optimizer = "momentum:lr=0.05";
        options.epochs = 200;
        options.seed = i == 2 ? 2 : 1;
        if (tw_run_create(&run, own, &o, NULL, ends[i], &options, &err) != TW_OK) fail_msg("%s", err.message);
        while (status == TW_RUN_GOING) assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
        assert_true(status == TW_RUN_FINISHED && hypot(ends[i][0], ends[i][1]) < 2);
        tw_run_free(run);
        tw_surface_free(s);
        tw_context_free(own);
    }
    assert_true(memcmp(ends[0], ends[1], sizeof ends[0]) == 0 &&
                memcmp(ends[0], ends[2], sizeof ends[0]) != 0);
}

/* ---- Specs ---- */

static void specs(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"beale", "beale", "(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2"},
        {"beale:noise=0.10,x=1,y=-2", "beale:y=-2,noise=0.1",
         "(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2"},
        {"quadratic:x=3,condition=1e2", "quadratic:condition=100,x=3", "(x^2 + 100*y^2)/2"},
        {"rosenbrock:a=-1.5,b=1e-5", "rosenbrock:a=-1.5,b=1e-05", "((-1.5) - x)^2 + 1e-05*(y - x^2)^2"},
        {"expr:x=-7,y=2,\"x^2/20 + y^2\"", "expr:\"x^2/20 + y^2\",x=-7,y=2", "x^2/20 + y^2"},
        {"expr:\"x\",high=7,low=-8,noise=0,x=1", "expr:\"x\",low=-8,high=7", "x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_surface *s = surface(cases[i][0], TW_F32), *again = surface(cases[i][1], TW_F32), *formula;
        char text[TW_SPEC_MAX + 8];
        assert_string_equal(tw_surface_spec(s), cases[i][1]);
        assert_string_equal(tw_surface_spec(again), cases[i][1]);
        assert_string_equal(tw_surface_formula(s), cases[i][2]);
        assert_true((tw_surface_kind_of(s) == NULL) == (strncmp(cases[i][0], "expr", 4) == 0));
        snprintf(text, sizeof text, "expr:\"%s\"", tw_surface_formula(s));
        formula = surface(text, TW_F32);
        assert_true(value_at(s, 0.7, -1.9) == value_at(formula, 0.7, -1.9));
        tw_surface_free(s);
        tw_surface_free(again);
        tw_surface_free(formula);
    }
}

static void windows(void **state)
{
    (void)state;
    const struct {
        const char *spec;
        double start[2], low[2], high[2];
    } cases[] = {
        {"bowl", {-7, 2}, {-10, -5}, {10, 5}},
        {"bowl:x=-20", {-20, 2}, {-22, -5}, {10, 5}},
        {"bowl:x=-10.5", {-10.5, 2}, {-12.5, -5}, {10, 5}},
        {"bowl:y=10", {-7, 10}, {-10, -5}, {10, 11}},
        {"expr:\"x\"", {1, 1}, {-5, -5}, {5, 5}},
        {"expr:\"x\",x=0,y=2,low=0,high=2", {0, 2}, {0, 0}, {2, 2}},
        {"expr:\"x\",x=3,y=3,low=0,high=2", {3, 3}, {0, 0}, {3.2, 3.2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_surface *s = surface(cases[i].spec, TW_F64);
        double start[2], low[2], high[2];
        tw_surface_start(s, start);
        tw_surface_window(s, low, high);
        for (int k = 0; k < 2; k++)
            if (!(start[k] == cases[i].start[k] && low[k] == cases[i].low[k] && high[k] == cases[i].high[k]))
                fail_msg("%s: start %g, window %g to %g", cases[i].spec, start[k], low[k], high[k]);
        tw_surface_free(s);
    }
}

static void refused(void **state)
{
    (void)state;
    static const char without_quotes[] =
        "expr needs a formula in quotes, as in expr:\"x^2/20 + y^2\"; a shell wants others around: 'expr:\"x^2/20 + y^2\"'";
    static const char *const cases[][2] = {
        {"", "an empty spec; a name is needed, as in \"adam:lr=0.001\""},
        {"beal", "unknown surface \"beal\" (did you mean \"beale\"?)"},
        {"zzzzzz",
         "unknown surface \"zzzzzz\"; supported: quadratic, bowl, valley, saddle, monkey-saddle, beale, rosenbrock, himmelblau, booth, matyas, rastrigin, "
         "ackley, goldstein-price, three-hump-camel, six-hump-camel, styblinski-tang"},
        {"beale@torch", "surface \"beale\" has no dialects"},
        {"beale:condition=3", "beale has no option \"condition\" (it has x, y, noise)"},
        {"quadratic:conditon=3", "quadratic has no option \"conditon\" (did you mean \"condition\"?)"},
        {"quadratic:condition=0", "condition = 0 is outside (0, inf)"},
        {"beale:noise=-1", "noise = -1 is outside [0, inf)"},
        {"beale:x=1e31", "x = 1e31 is outside [-1e+30, 1e+30]"},
        {"beale:x=a", "x = a is not a number"},
        {"beale:x=1,x=2", "x is given twice"},
        {"beale:low=1", "beale has no option \"low\" (it has x, y, noise)"},
        {"beale:\"x\"", "beale has no formula: \"x\" is not key=value"},
        {"expr", without_quotes},
        {"expr:x=1", without_quotes},
        {"expr:x^2+y^2", without_quotes},
        {"expr:\"x\",low=5", "low = 5 is not below high = 5"},
        {"expr:\"x + z\"",
         "formula \"x + z\": character 5: unknown name \"z\" (did you mean \"x\"?); there are x y, functions, pi and e"},
        {"expr:\"\"", "formula = \"\" is no text in quotes"},
    };
    tw_surface *s;
    tw_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(tw_surface_create(&s, ctx, cases[i][0], TW_F64, &err), TW_ERR_SPEC);
        assert_null(s);
        assert_string_equal(err.message, cases[i][1]);
    }
    assert_int_equal(tw_surface_create(&s, ctx, "beale", TW_U8, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "a surface's point is of type f32 or f64, not u8");
}

static void the_longest(void **state)
{
    (void)state;
    char text[TW_SPEC_MAX + 8] = "expr:\"x";
    tw_surface *s;
    tw_error err;
    while (strlen(text) < TW_SPEC_MAX - 3) strcat(text, "+x");
    strcat(text, "\"");
    assert_int_equal(strlen(text), TW_SPEC_MAX - 2);
    s = surface(text, TW_F64);
    assert_true(value_at(s, 2, 0) == 2.0 * ((TW_SPEC_MAX - 8) / 2));
    tw_surface_free(s);
    strcpy(text + strlen(text) - 1, "+x\"");
    assert_int_equal(tw_surface_create(&s, ctx, text, TW_F64, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "is longer than 511 characters"));
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    faults f = {.allocations = 0};
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    tw_context *faulty;
    tw_surface *s;
    o.resize = faulty_resize;
    o.user = &f;
    o.threads = 1;
    assert_int_equal(tw_context_create(&faulty, &o, NULL), TW_OK);
    const long held = f.live;
    long n = 0;
    do {
        assert_int_equal(f.live, held);
        f.fail_allocation = f.allocations + ++n;
    } while (tw_surface_create(&s, faulty, "expr:\"x*y\"", TW_F64, NULL) == TW_ERR_MEMORY);
    assert_true(n > 1 && s != NULL);
    f.fail_allocation = 0;
    tw_surface_free(s);
    assert_int_equal(f.live, held);
    assert_int_equal(tw_surface_create(&s, faulty, "expr:\"x*z\"", TW_F64, NULL), TW_ERR_SPEC);
    assert_int_equal(f.live, held);
    tw_context_free(faulty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derivatives_by_hand),
        cmocka_unit_test(derivatives_at_the_edge),
        cmocka_unit_test(whole_powers_are_products),
        cmocka_unit_test(minima),
        cmocka_unit_test(known_values),
        cmocka_unit_test(gradients),
        cmocka_unit_test(float_is_double_rounded),
        cmocka_unit_test(noise),
        cmocka_unit_test(runs),
        cmocka_unit_test(specs),
        cmocka_unit_test(windows),
        cmocka_unit_test(refused),
        cmocka_unit_test(the_longest),
        cmocka_unit_test(any_allocation_may_fail),
    };
    ctx = bench_context(1, TW_ISA_DETECT);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tw_context_free(ctx);
    return failed;
}
