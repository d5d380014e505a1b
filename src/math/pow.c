/* x^y in double as 2-part numbers: log x and y log x are carried to about 2^-68 relative, so that even where
 * y log x is near 700 the result is within a whisker of correctly rounded. Dekker's splitting instead of fma:
 * the same bits without the instruction.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include "math/elementary.h"

/* high + low, |low| at most half a unit in high's last place */
typedef struct pair {
    double high, low;
} pair;

/* exact if |a| >= |b| or a = 0 */
static pair ordered_sum(double a, double b)
{
    double s = a + b;
    return (pair){s, b - (s - a)};
}

static pair exact_sum(double a, double b)
{
    double s = a + b, t = s - a;
    return (pair){s, (a - (s - t)) + (b - t)};
}

static double upper_half(double a) { return tw__from_bits_f64(tw__bits_f64(a) & 0xfffffffff8000000u); }

/* exact while nothing under- or overflows; the halves are cut, not rounded, so the last product may take 53
 * bits and rounds */
static pair product(double a, double b)
{
    double p = a * b, a1 = upper_half(a), a2 = a - a1, b1 = upper_half(b), b2 = b - b1;
    return (pair){p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2};
}

static pair times(pair a, pair b)
{
    pair p = product(a.high, b.high);
    return ordered_sum(p.high, p.low + (a.high * b.low + a.low * b.high));
}

static pair plus(pair a, pair b)
{
    pair s = exact_sum(a.high, b.high);
    return ordered_sum(s.high, s.low + (a.low + b.low));
}

/* log of a positive normal number: 2^e m, sqrt(1/2) <= m < sqrt(2), log m = 2 artanh(s), s = (m - 1) / (m +
 * 1) */
static pair log_pair(double x)
{
    uint64_t u = tw__bits_f64(x), over = u - 0x3fe6a09e667f3bcdu;
    double e = (double)((int64_t)over >> 52);
    double f = tw__from_bits_f64(u - (over & 0xfff0000000000000u)) - 1; /* exact */
    pair below = ordered_sum(2, f);
    double s0 = f / below.high;
    pair back = product(s0, below.high);
    pair s = ordered_sum(s0, (((f - back.high) - back.low) - s0 * below.low) / below.high);
    pair z = times(s, s);
    /* 2 + 2/3 z + 2/5 z^2 + ...: what follows z^2 is below 2^-17 and needs no second part */
    static const double series[] = {0x1.1a7b9611a7b96p-4, 0x1.2f684bda12f68p-4, 0x1.47ae147ae147bp-4,
                                    0x1.642c8590b2164p-4, 0x1.8618618618618p-4, 0x1.af286bca1af28p-4,
                                    0x1.e1e1e1e1e1e1ep-4, 0x1.1111111111111p-3, 0x1.3b13b13b13b14p-3,
                                    0x1.745d1745d1746p-3, 0x1.c71c71c71c71cp-3, 0x1.2492492492492p-2};
    double tail = 0;
    for (size_t i = 0; i < sizeof series / sizeof *series; i++) tail = tail * z.high + series[i];
    pair sum = plus((pair){0x1.999999999999ap-2, -0x1.999999999999ap-56}, product(tail, z.high));
    sum = plus((pair){0x1.5555555555555p-1, 0x1.5555555555555p-55}, times(sum, z));
    sum = plus((pair){2, 0}, times(sum, z));
    pair scale = plus((pair){e * 0x1.62e42fefa38p-1, 0}, product(e, 0x1.ef35793c7673p-45));
    return plus(scale, times(sum, s));
}

/* sign * exp(x), |x.high| < 720 */
static double exp_pair(pair x, double sign)
{
    double t = x.high * 0x1.71547652b82fep0 + TW__ROUND_F64, n = t - TW__ROUND_F64;
    pair r = exact_sum(x.high - n * 0x1.62e42fefa38p-1, -n * 0x1.ef35793c7673p-45);
    /* n ln2 cancels most of x.high, so x.low is not small beside what is left */
    r = exact_sum(r.high, r.low + x.low);
    pair y = ordered_sum(1, r.high);
    double near = y.high + (y.low + (r.high * r.high * tw__exp_rest_f64(r.high) + r.low * (1 + r.high)));
    /* 2^n in two factors that cannot overflow; whether the result would be subnormal is seen before it is
     * one */
    int64_t k = (int64_t)n, half = k >> 1;
    double first = tw__from_bits_f64((uint64_t)(1023 + half) << 52),
           second = tw__from_bits_f64((uint64_t)(1023 + k - half) << 52);
    return near * first < DBL_MIN / second ? sign * 0.0 : sign * (near * first * second);
}

/* x is +-0 (or counts as that) or +-inf, or y is infinite */
static double pow_of_limit(double magnitude, double y, double sign)
{
    if (magnitude == 1) return 1;
    return (magnitude > 1) == (y > 0) ? sign * __builtin_inf() : sign * 0.0;
}

double tw__pow_f64(double x, double y)
{
    double magnitude = __builtin_fabs(x), power = __builtin_fabs(y);
    if (x == 1 || power < DBL_MIN) return 1;
    if (x != x || y != y) return x + y;
    int whole = power >= 0x1p53 || (double)(int64_t)power == power;
    int odd = power < 0x1p53 && whole && ((int64_t)power & 1);
    double sign = odd ? __builtin_copysign(1, x) : 1;
    if (magnitude < DBL_MIN || magnitude > DBL_MAX || power > DBL_MAX)
        return pow_of_limit(magnitude, y, sign);
    if (x < 0 && !whole) return __builtin_nan("");
    pair log_x = log_pair(magnitude);
    double about = y * log_x.high;
    if (__builtin_fabs(about) < 0x1p-60) return sign;
    if (about > 710) return sign * __builtin_inf();
    if (about < -710) return sign * 0.0;
    return exp_pair(times((pair){y, 0}, log_x), sign);
}
