/* The elementary functions against long double, at their edges, and bit for bit across instruction sets and
 * modes.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <thalweg/rule.h>
#include "base/random.h"
#include "math/elementary.h"

enum { POINTS = 150000 };

static double unit(uint32_t stream, uint64_t i) { return tw__random_unit(7, TW__FOR_TEST, stream, i); }

/* in units of the last place of `truth` in float or double */
static double error_of(double got, long double truth, int is_float)
{
    int exponent, lowest = is_float ? -125 : -1021;
    frexpl(truth, &exponent);
    exponent = exponent < lowest ? lowest : exponent;
    return (double)fabsl(ldexpl((long double)got - truth, (is_float ? 24 : 53) - exponent));
}

/* the float functions, seen as functions of doubles that are floats */
static double exp_32(double x) { return (double)tw__exp_f32((float)x); }
static double log_32(double x) { return (double)tw__log_f32((float)x); }
static double sin_32(double x) { return (double)tw__sin_f32((float)x); }
static double cos_32(double x) { return (double)tw__cos_f32((float)x); }
static double tanh_32(double x) { return (double)tw__tanh_f32((float)x); }
static double cbrt_32(double x) { return (double)tw__cbrt_f32((float)x); }
static double exp_64(double x) { return tw__exp_f64(x); }
static double log_64(double x) { return tw__log_f64(x); }
static double sin_64(double x) { return tw__sin_f64(x); }
static double cos_64(double x) { return tw__cos_f64(x); }
static double tanh_64(double x) { return tw__tanh_f64(x); }
static double cbrt_64(double x) { return tw__cbrt_f64(x); }

static const struct function {
    const char *name;
    double (*ours)(double);
    long double (*truth)(long double);
    int is_float;
    double bound;       /* as the header says */
    double low, high;   /* points even in here */
    double least, most; /* and even in the logarithm of |x| in here */
    int both_signs;
} functions[] = {
    {"exp_f32", exp_32, expl, 1, 0.99, -87.336, 88.722, 0x1p-40, 87.3, 1},
    {"exp_f64", exp_64, expl, 0, 0.99, -708.39, 709.78, 0x1p-60, 708, 1},
    {"log_f32", log_32, logl, 1, 0.85, 0.5, 2, 0x1p-126, 0x1.fffffep127, 0},
    {"log_f64", log_64, logl, 0, 0.85, 0.5, 2, 0x1p-1022, 0x1.fffffffffffffp1023, 0},
    {"tanh_f32", tanh_32, tanhl, 1, 1.1, -1.5, 1.5, 0x1p-100, 12, 1},
    {"tanh_f64", tanh_64, tanhl, 0, 1.35, -1.5, 1.5, 0x1p-100, 25, 1},
    {"cbrt_f32", cbrt_32, cbrtl, 1, 1, 0.125, 8, 0x1p-126, 0x1.fffffep127, 0},
    {"cbrt_f64", cbrt_64, cbrtl, 0, 1, 0.125, 8, 0x1p-1022, 0x1.fffffffffffffp1023, 0},
    {"sin_f32", sin_32, sinl, 1, 0.51, -10, 10, 0x1p-100, 0x1p20, 1},
    {"sin_f64", sin_64, sinl, 0, 0.85, -10, 10, 0x1p-100, 0x1p20, 1},
    {"cos_f32", cos_32, cosl, 1, 0.51, -10, 10, 0x1p-100, 0x1p20, 1},
    {"cos_f64", cos_64, cosl, 0, 0.85, -10, 10, 0x1p-100, 0x1p20, 1},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static void check_point(const struct function *f, double x)
{
    if (f->is_float) x = (double)(float)x;
    double got = f->ours(x), error = error_of(got, f->truth(x), f->is_float);
    if (!(error <= f->bound)) fail_msg("%s(%a) = %a is %g ulp from %La", f->name, x, got, error, f->truth(x));
}

static void errors_stay_within_their_bounds(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < FUNCTIONS; k++) {
        const struct function *f = &functions[k];
        for (uint64_t i = 0; i < POINTS; i++) {
            check_point(f, f->low + (f->high - f->low) * unit(k, i));
            double x = exp2(log2(f->least) + (log2(f->most) - log2(f->least)) * unit(k + 100, i) * 0.9999999);
            check_point(f, f->both_signs && i % 2 ? -x : x);
        }
    }
}

static void sin_and_cos_keep_their_digits_near_multiples_of_half_pi(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40000; i++) {
        double multiple = i < 1000 ? (double)i + 1 : floor(unit(200, i) * 667543);
        for (uint32_t k = 8; k < FUNCTIONS; k++)
            check_point(&functions[k], (double)(multiple * 1.57079632679489661923132169163975144L));
    }
}

static void sin_and_cos_degrade_as_promised(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        double x = exp2(20 + 30 * unit(201, i)), allowed = 1.2e-16 + x * 0x1p-51, y = (double)(float)x;
        if (fabsl(tw__sin_f64(x) - sinl(x)) > allowed || fabsl(tw__cos_f64(x) - cosl(x)) > allowed)
            fail_msg("x = %a: sin %a, cos %a", x, tw__sin_f64(x), tw__cos_f64(x));
        if (fabsl(sin_32(y) - sinl(y)) > allowed + 3.1e-8 || fabsl(cos_32(y) - cosl(y)) > allowed + 3.1e-8)
            fail_msg("x = %a: sin %a, cos %a in float", y, sin_32(y), cos_32(y));
    }
    for (uint32_t k = 8; k < FUNCTIONS; k++) {
        assert_true(isnan(functions[k].ours(0x1.0001p50)));
        assert_true(isnan(functions[k].ours(-0x1p120)));
    }
}

static void log1p_keeps_what_one_plus_x_loses(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < POINTS; i++) {
        const double x = i % 2 ? unit(202, i) : exp2(-1000 * unit(203, i));
        const double error = error_of(tw__log1p_f64(x), log1pl(x), 0);
        if (!(error <= 2.5))
            fail_msg("log1p(%a) = %a is %g ulp from %La", x, tw__log1p_f64(x), error, log1pl(x));
    }
    assert_true(tw__log1p_f64(0) == 0 && tw__log1p_f64(1) == log(2) && isnan(tw__log1p_f64((double)NAN)));
}

static void check_edge(const struct function *f, double x, double want)
{
    double got = f->ours(x);
    if (isnan(want) ? !isnan(got) : !(got == want && !signbit(got) == !signbit(want)))
        fail_msg("%s(%a) = %a, not %a", f->name, x, got, want);
}

static void edges_are_right(void **state)
{
    (void)state;
    const struct function *exp_f = functions, *log_f = functions + 2, *tanh_f = functions + 4,
                          *cbrt_f = functions + 6, *sin_f = functions + 8;
    const struct function *cos_f = functions + 10;
    const double infinity = (double)INFINITY, least[] = {FLT_MIN, DBL_MIN}, most[] = {FLT_MAX, DBL_MAX};
    for (uint32_t k = 0; k < FUNCTIONS; k++) {
        check_edge(&functions[k], (double)NAN, (double)NAN);
        check_edge(&functions[k], -(double)NAN, (double)NAN);
        /* a payload whose low bits would reach the exponent */
        double odd_nan =
            k % 2 ? tw__from_bits_f64(0xfff8000000000401u) : (double)tw__from_bits_f32(0xffc00081u);
        check_edge(&functions[k], odd_nan, (double)NAN);
    }
    for (int k = 0; k < 2; k++) {
        const double exp_edges[][2] = {{0, 1},
                                       {-0.0, 1},
                                       {infinity, infinity},
                                       {-infinity, 0},
                                       {most[k], infinity},
                                       {-most[k], 0},
                                       {least[k], 1},
                                       {k ? 709.7827128933841 : 88.72284, infinity},
                                       {k ? -708.3964185322642 : -87.33655, 0}};
        for (size_t i = 0; i < sizeof exp_edges / sizeof *exp_edges; i++)
            check_edge(exp_f + k, exp_edges[i][0], exp_edges[i][1]);
        check_point(exp_f + k, k ? 0x1.62e42fefa39efp9 : 0x1.62e42ep6);
        check_point(exp_f + k, k ? -0x1.6232bdd7abcd2p9 : -0x1.5d589ep6);

        const double log_edges[][2] = {{1, 0},
                                       {0, -infinity},
                                       {-0.0, -infinity},
                                       {infinity, infinity},
                                       {-1, (double)NAN},
                                       {-infinity, (double)NAN},
                                       {-least[k], (double)NAN},
                                       {least[k] / 2, -infinity},
                                       {-least[k] / 2, -infinity}};
        for (size_t i = 0; i < sizeof log_edges / sizeof *log_edges; i++)
            check_edge(log_f + k, log_edges[i][0], log_edges[i][1]);
        check_point(log_f + k, least[k]);
        check_point(log_f + k, most[k]);

        const double tanh_edges[][2] = {{0, 0},          {-0.0, -0.0}, {infinity, 1},
                                        {-infinity, -1}, {most[k], 1}, {-most[k], -1},
                                        {20, 1},         {-20, -1},    {0x1p-100, 0x1p-100}};
        for (size_t i = 0; i < sizeof tanh_edges / sizeof *tanh_edges; i++)
            check_edge(tanh_f + k, tanh_edges[i][0], tanh_edges[i][1]);

        const double cbrt_edges[][2] = {{0, 0}, {1, 1}, {8, 2}, {infinity, infinity}};
        for (size_t i = 0; i < sizeof cbrt_edges / sizeof *cbrt_edges; i++)
            check_edge(cbrt_f + k, cbrt_edges[i][0], cbrt_edges[i][1]);
        check_point(cbrt_f + k, least[k]);
        check_point(cbrt_f + k, most[k]);

        const double sin_edges[][3] = {{0, 0, 1},
                                       {-0.0, -0.0, 1},
                                       {infinity, (double)NAN, (double)NAN},
                                       {-infinity, (double)NAN, (double)NAN},
                                       {0x1p-100, 0x1p-100, 1},
                                       {most[k], (double)NAN, (double)NAN}};
        for (size_t i = 0; i < sizeof sin_edges / sizeof *sin_edges; i++) {
            check_edge(sin_f + k, sin_edges[i][0], sin_edges[i][1]);
            check_edge(cos_f + k, sin_edges[i][0], sin_edges[i][2]);
        }
    }
}

/* Every function over an array, once per instruction set. */
enum { N = 4099 };
#define LOOP(isa, target, f, real)                                                             \
    target static void f##_##isa(const double *restrict x, double *restrict y)                 \
    {                                                                                          \
        _Pragma("omp simd") for (size_t i = 0; i < N; i++) y[i] = (double)tw__##f((real)x[i]); \
    }
#define LOOPS(isa, target)                                                                             \
    LOOP(isa, target, exp_f32, float)                                                                  \
    LOOP(isa, target, exp_f64, double)                                                                 \
    LOOP(isa, target, log_f32, float)                                                                  \
    LOOP(isa, target, log_f64, double)                                                                 \
    LOOP(isa, target, tanh_f32, float)                                                                 \
    LOOP(isa, target, tanh_f64, double)                                                                \
    LOOP(isa, target, cbrt_f32, float)                                                                 \
    LOOP(isa, target, cbrt_f64, double)                                                                \
    LOOP(isa, target, sin_f32, float)                                                                  \
    LOOP(isa, target, sin_f64, double)                                                                 \
    LOOP(isa, target, cos_f32, float)                                                                  \
    LOOP(isa, target, cos_f64, double)                                                                 \
    static void (*const loops_##isa[FUNCTIONS])(const double *restrict, double *restrict) =            \
        {exp_f32_##isa,  exp_f64_##isa,  log_f32_##isa, log_f64_##isa, tanh_f32_##isa, tanh_f64_##isa, \
         cbrt_f32_##isa, cbrt_f64_##isa, sin_f32_##isa, sin_f64_##isa, cos_f32_##isa,  cos_f64_##isa};

LOOPS(base, )
#if defined(__x86_64__)
LOOPS(avx2, __attribute__((target("avx2"))))
LOOPS(avx512, __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"))))
#endif

static double inputs[N], outputs[N];

/* ordinary values, large and small ones of every exponent, and the special ones */
static void fill_inputs(const struct function *f)
{
    static const double special[] = {0,         -0.0,           1,     -1,     0x1p-126, -0x1p-126,
                                     0x1p-1022, 0x1.fffffep127, 88.73, -87.34, 709.8,    -708.4};
    for (uint64_t i = 0; i < N; i++) {
        double sign = i % 2 && f->both_signs ? -1 : 1,
               x = i % 3 ? 12 * unit(300, i) : exp2(-126 + 254 * unit(301, i));
        inputs[i] = f->is_float ? (double)(float)(sign * x) : sign * x;
    }
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        inputs[i * 7] = f->is_float ? (double)(float)special[i] : special[i];
    inputs[500] = (double)INFINITY, inputs[501] = -(double)INFINITY, inputs[502] = (double)NAN;
}

static int same_bits(double a, double b)
{
    return tw__bits_f64(a) == tw__bits_f64(b) || (isnan(a) && isnan(b));
}

static void check_loops(void (*const loops[FUNCTIONS])(const double *restrict, double *restrict),
                        const char *isa)
{
    for (size_t k = 0; k < FUNCTIONS; k++) {
        fill_inputs(&functions[k]);
        loops[k](inputs, outputs);
        for (size_t i = 0; i < N; i++)
            if (!same_bits(outputs[i], functions[k].ours(inputs[i])))
                fail_msg("%s, %s: f(%a) = %a, scalar %a", functions[k].name, isa, inputs[i], outputs[i],
                         functions[k].ours(inputs[i]));
    }
}

static void every_instruction_set_gives_the_scalar_bits(void **state)
{
    (void)state;
    check_loops(loops_base, "base");
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) check_loops(loops_avx2, "avx2");
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        check_loops(loops_avx512, "avx512");
#endif
}

static void flush_to_zero_changes_no_normal_result(void **state)
{
    (void)state;
#if defined(__x86_64__)
    for (size_t k = 0; k < FUNCTIONS; k++) {
        const struct function *f = &functions[k];
        double smallest = f->is_float ? (double)FLT_MIN : DBL_MIN;
        fill_inputs(f);
        unsigned mode = __builtin_ia32_stmxcsr();
        __builtin_ia32_ldmxcsr(mode | 0x8040); /* flush results, treat subnormal arguments as 0 */
        loops_base[k](inputs, outputs);
        __builtin_ia32_ldmxcsr(mode);
        for (size_t i = 0; i < N; i++) {
            double plain = f->ours(inputs[i]);
            if (!same_bits(outputs[i], plain) && !(fabs(plain) < smallest))
                fail_msg("%s(%a) = %a flushing, %a not", f->name, inputs[i], outputs[i], plain);
        }
    }
#endif
}

static uint64_t hash_more(uint64_t hash, double x) { return (hash ^ tw__bits_f64(x)) * 0x100000001b3u; }

/* Compilers cannot be compared inside one program; the recorded number was the same with gcc 12 and clang
 * 14. */
static void bits_are_the_recorded_ones(void **state)
{
    (void)state;
    uint64_t hash = 0xcbf29ce484222325u;
    for (uint64_t i = 0; i < 20000; i++) {
        double x = 24 * unit(400, i) - 12;
        for (size_t k = 0; k < FUNCTIONS; k++)
            hash = hash_more(hash, functions[k].ours(functions[k].both_signs || x > 0 ? x : -x));
        hash = hash_more(hash, tw__pow_f64(x < 0 ? -x : x, 60 * unit(401, i) - 30));
        hash = hash_more(hash, tw_pow_n(x / 12, i));
    }
    assert_int_equal(hash, 0x2a103f0b84907c45u);
}

static void pow_is_within_its_bound(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < POINTS; i++) {
        double u = unit(500, i), v = 2 * unit(501, i) - 1, x, y;
        if (i % 4 == 0) x = exp2(-1022 + 2045.9 * u), y = v * 709 / log(x);
        else if (i % 4 == 1) x = 0.5 + 1.5 * u, y = v * 700 / fabs(log(x));
        else if (i % 4 == 2) x = 1 + (u - 0.5) * 0x1p-20, y = v * 600 / fabs(log(x));
        else x = u, y = 5 * v;
        long double truth = powl(x, y);
        double got = tw__pow_f64(x, y);
        if (truth > 0x1.0001p-1022L && truth < DBL_MAX && !(error_of(got, truth, 0) <= 0.65))
            fail_msg("pow(%a, %a) = %a is %g ulp from %La", x, y, got, error_of(got, truth, 0), truth);
    }
}

static void pow_knows_the_special_cases_of_C(void **state)
{
    (void)state;
    const double infinity = (double)INFINITY, values[] = {0,
                                                          -0.0,
                                                          1,
                                                          -1,
                                                          2,
                                                          -2,
                                                          3,
                                                          -3,
                                                          0.5,
                                                          -0.5,
                                                          2.5,
                                                          -2.5,
                                                          infinity,
                                                          -infinity,
                                                          (double)NAN,
                                                          1e300,
                                                          -1e300,
                                                          1e-300,
                                                          -1e-300,
                                                          0x1p53,
                                                          0x1p52 + 1,
                                                          -0x1p52 - 1,
                                                          0x1.fffffffffffffp-1,
                                                          1e308,
                                                          4,
                                                          0x1p-1022,
                                                          DBL_MAX,
                                                          1 + 0x1p-52};
    enum { VALUES = sizeof values / sizeof *values };
    for (size_t i = 0; i < VALUES; i++)
        for (size_t j = 0; j < VALUES; j++) {
            double got = tw__pow_f64(values[i], values[j]), want = pow(values[i], values[j]);
            if (fabs(want) < DBL_MIN) want = copysign(0, want);
            int same = isnan(want) ? isnan(got) : got == want || fabs(got - want) <= 2.3e-16 * fabs(want);
            if (!same || (!isnan(want) && !signbit(got) != !signbit(want)))
                fail_msg("pow(%a, %a) = %a, not %a", values[i], values[j], got, want);
        }
    /* a subnormal counts as 0 */
    assert_true(tw__pow_f64(0x1p-1030, 2) == 0 && tw__pow_f64(0x1p-1030, -2) == infinity);
    assert_true(tw__pow_f64(0.5, 1023) == 0 && tw__pow_f64(0.5, 1022) == 0x1p-1022);
}

static void pow_n_is_repeated_multiplication(void **state)
{
    (void)state;
    assert_true(tw_pow_n(0, 0) == 1 && tw_pow_n(3, 4) == 81 && tw_pow_n(-2, 63) == -0x1p63 &&
                tw_pow_n(0.5, UINT64_MAX) == 0);
    for (uint64_t n = 1; n < 20000; n++) {
        long double truth = powl(0.999, (long double)n);
        double relative = (double)fabsl(tw_pow_n(0.999, n) / truth - 1);
        if (!(relative <= (double)n * 0x1p-53))
            fail_msg("0.999^%llu is off by %g", (unsigned long long)n, relative);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_stay_within_their_bounds),
        cmocka_unit_test(sin_and_cos_keep_their_digits_near_multiples_of_half_pi),
        cmocka_unit_test(sin_and_cos_degrade_as_promised),
        cmocka_unit_test(edges_are_right),
        cmocka_unit_test(log1p_keeps_what_one_plus_x_loses),
        cmocka_unit_test(every_instruction_set_gives_the_scalar_bits),
        cmocka_unit_test(flush_to_zero_changes_no_normal_result),
        cmocka_unit_test(bits_are_the_recorded_ones),
        cmocka_unit_test(pow_is_within_its_bound),
        cmocka_unit_test(pow_knows_the_special_cases_of_C),
        cmocka_unit_test(pow_n_is_repeated_multiplication),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
