/* logistic: two classes by the logarithm of their odds; more classes one against the rest.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"
#include "math/elementary.h"

#define INLINE static inline __attribute__((always_inline))

/* For margins m = y h below 0, log(1 + exp(-m)) is log(1 + exp(m)) - m. */
INLINE double loss_of(double score, double y, double *slope)
{
    const double margin = y * score, e = tw__exp_f64(-__builtin_fabs(margin));
    *slope = -y * (margin < 0 ? 1 : e) / (1 + e);
    return tw__log1p_f64(e) - (margin < 0 ? margin : 0);
}

INLINE double curvature_of(double score)
{
    const double e = tw__exp_f64(-__builtin_fabs(score));
    return e / ((1 + e) * (1 + e));
}

double tw__logistic_loss(double score, double y, double parameter, double *slope)
{
    (void)parameter;
    return loss_of(score, y, slope);
}

static double curvature(double score, double y, double parameter)
{
    (void)y, (void)parameter;
    return curvature_of(score);
}

/* Of many rows, with the same bits in vectors of any length. */
#define STAMP(isa, target)                                                                            \
    target static void losses_##isa(const double *restrict score, const double *restrict y, size_t n, \
                                    double *restrict loss, double *restrict slope)                    \
    {                                                                                                 \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++)                                            \
        {                                                                                             \
            double of_row;                                                                            \
            loss[i] = loss_of(score[i], y[i], &of_row);                                               \
            slope[i] = of_row;                                                                        \
        }                                                                                             \
    }                                                                                                 \
    target static void curvatures_##isa(const double *restrict score, size_t n, double *restrict to)  \
    {                                                                                                 \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) to[i] = curvature_of(score[i]);            \
    }

STAMP(base, )
#if defined(__x86_64__)
STAMP(avx2, __attribute__((target("avx2"))))
#define CALL(isa, f, ...) (isa >= TW_ISA_AVX2 ? f##_avx2(__VA_ARGS__) : f##_base(__VA_ARGS__))
#else
#define CALL(isa, f, ...) ((void)isa, f##_base(__VA_ARGS__))
#endif

static void losses(tw_isa isa, const double *score, const double *y, size_t n, double *loss, double *slope)
{
    CALL(isa, losses, score, y, n, loss, slope);
}

static void curvatures(tw_isa isa, const double *score, size_t n, double *to)
{
    CALL(isa, curvatures, score, n, to);
}

static double x_log_x(double x) { return x > 0 ? x * tw__log_f64(x) : 0; }

static double conjugate(double slope, double y, double parameter)
{
    const double a = -y * slope;
    (void)parameter;
    return a < 0 || a > 1 ? TW_INF : x_log_x(a) + x_log_x(1 - a);
}

/* Where to look next between two margins: where the loss bends, or halfway. *high is lowered to
 * max(0, from) + log(1 + q), where f below is above 0 however large q is. */
static double within(double *high, double low, double from, double q)
{
    const double most = (from > 0 ? from : 0) + tw__log_f64(1 + q);
    if (most > low && most < *high) *high = most;
    return low < 0 && *high > 0 ? 0 : low / 2 + *high / 2;
}

/* a = 1 / (1 + exp(m)) at the margin m between y t and y t + q where f = m - q a - y t is 0, by Halley's
 * method from the margin that `near` belongs to. After a step below `small` the error is less than rounding,
 * and a follows from its Taylor series. f, its slope and its bend are those of m times powers of
 * u = 1 + exp(-|m|), so that a step has one division. After more steps than are usual every other one halves
 * where m can be, as they are short far above 0. */
static double proximal(double t, double q, double near, double y, double parameter)
{
    enum { MOST = 100, USUAL = 8 };
    const double small = 1e-5, from = y * t;
    double low = from, high = from + q, m = from - q * y * near, a = 0;
    (void)parameter;
    if (!(m >= low && m <= high)) m = low;
    for (int i = 0; i < MOST; i++) {
        const double e = tw__exp_f64(-__builtin_fabs(m)), u = 1 + e, over = m > 0 ? e : 1,
                     f = (m - from) * u - q * over, slope = u * u + q * e, bend = q * e * (2 * over - u),
                     square = slope * slope, divisor = 2 * square - f * bend;
        double step = -2 * f * slope * u / (divisor > square ? divisor : square);
        a = over / u;
        if (__builtin_fabs(step) <= small) return -y * (a - e / (u * u) * step * (1 + (a - 0.5) * step));
        if (f < 0) low = m;
        else high = m;
        if (!(m + step > low && m + step < high) || (i > USUAL && i % 2))
            step = within(&high, low, from, q) - m;
        m += step;
    }
    return -y * a;
}

double tw__sigmoid(double score) { return 1 / (1 + tw__exp_f64(-score)); }

/* Several are made to sum to 1, by their logarithms, as all may be 0 in double. */
static void output(double *score, size_t n)
{
    double slope;
    if (n == 1) score[0] = tw__sigmoid(score[0]);
    for (size_t i = 0; n > 1 && i < n; i++) score[i] = -tw__logistic_loss(score[i], 1, 0, &slope);
    if (n > 1) tw__softmax(score, n);
}

static const tw_option options[] = {TW__LINEAR_OPTIONS(0), TW__CLASS_WEIGHT_OPTION};
static const tw__linear_loss logistic = {.loss = tw__logistic_loss,
                                         .curvature = curvature,
                                         .losses = losses,
                                         .curvatures = curvatures,
                                         .conjugate = conjugate,
                                         .proximal = proximal,
                                         .output = output,
                                         .smoothness = 0.25,
                                         .is_of_classes = 1};

TW__LINEAR_MODEL(logistic, logistic, TW_OUTPUT_PROBABILITY, options,
                 .help = "the probability of the second of two classes; more: one against the rest",
                 .paper = "Cox 1958",
                 .equation = "h = w . x + b, y = 1 or -1, P(second class) = 1 / (1 + exp(-h))\n"
                             "f = mean log(1 + exp(-y h)) + l2/2 |w|^2 + l1 |w|_1");
