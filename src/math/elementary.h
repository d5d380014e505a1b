/* exp, log, cube root, sin, cos, tanh for float and double: branch-free, so that loops over them vectorise
 * (`#pragma omp simd`, gcc and clang), and made of + - * / and integer operations alone, so that every
 * compiler, CPU and vector width gives the same bits; libm's do not. Subnormal arguments count as 0 and
 * results below the smallest normal number may be 0: computing code runs with flush-to-zero. A NaN gives a
 * NaN. Error bounds are in units in the last place of the true result, measured (tests/test_elementary.c
 * asserts them).
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_ELEMENTARY_H
#define TW_MATH_ELEMENTARY_H
#include <float.h>
#include <stdint.h>
#include <string.h>

#define TW__ELEMENTARY static inline __attribute__((always_inline))

/* x^y as C's pow, special cases included; a result below the smallest normal number is 0 and a subnormal x
 * counts as 0. At most 0.65 ulp. Scalar, about 0.15 us: for schedules and once-per-step coefficients, not for
 * loops over weights. */
double tw__pow_f64(double x, double y);

TW__ELEMENTARY uint32_t tw__bits_f32(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}
TW__ELEMENTARY uint64_t tw__bits_f64(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}
TW__ELEMENTARY float tw__from_bits_f32(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}
TW__ELEMENTARY double tw__from_bits_f64(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* Added to a number of moderate size, these round it to an integer, which then stands in the low bits (two's
 * complement). SSE2 has no rounding instruction and no conversion between double and 64-bit integers; this
 * works everywhere. */
#define TW__ROUND_F32 0x1.8p23f
#define TW__ROUND_F64 0x1.8p52

/* e^x: exp(n ln2 + r) = 2^n exp(r), |r| <= ln2/2, ln2 in two parts of which n times the first is exact.
 * The exponent is added to the bits, not multiplied in: 2^n alone may overflow where the result does not. */

/* (e^r - 1 - r) / r^2 for |r| <= ln2/2 */
TW__ELEMENTARY float tw__exp_rest_f32(float r)
{
    float p = 0x1.6a4d7ap-10f;
    p = p * r + 0x1.12398ep-7f;
    p = p * r + 0x1.5558bp-5f;
    p = p * r + 0x1.555492p-3f;
    p = p * r + 0x1.fffffcp-2f;
    return p;
}

TW__ELEMENTARY double tw__exp_rest_f64(double r)
{
    double p = 0x1.ad99872b349e5p-26;
    p = p * r + 0x1.28ae20f59ada6p-22;
    p = p * r + 0x1.71df150336769p-19;
    p = p * r + 0x1.a019993bf923cp-16;
    p = p * r + 0x1.a01a0131915e5p-13;
    p = p * r + 0x1.6c16c18481c7p-10;
    p = p * r + 0x1.11111111266c3p-7;
    p = p * r + 0x1.555555555069bp-5;
    p = p * r + 0x1.55555555554ffp-3;
    p = p * r + 0x1.000000000000ap-1;
    return p;
}

/* Only for x whose exponential is a normal number; anything may come out of others. */
TW__ELEMENTARY float tw__exp_near_f32(float x)
{
    float t = x * 0x1.715476p0f + TW__ROUND_F32;
    float n = t - TW__ROUND_F32;
    float r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
    float y = 1 + (r + r * r * tw__exp_rest_f32(r));
    return tw__from_bits_f32(tw__bits_f32(y) + (tw__bits_f32(t) << 23));
}

TW__ELEMENTARY double tw__exp_near_f64(double x)
{
    double t = x * 0x1.71547652b82fep0 + TW__ROUND_F64;
    double n = t - TW__ROUND_F64;
    double r = (x - n * 0x1.62e42fefa38p-1) - n * 0x1.ef35793c7673p-45;
    double y = 1 + (r + r * r * tw__exp_rest_f64(r));
    return tw__from_bits_f64(tw__bits_f64(y) + (tw__bits_f64(t) << 52));
}

/* At most 0.99 ulp. Above 88.72 inf, below -87.34 (where the result would be subnormal) 0. */
TW__ELEMENTARY float tw__exp_f32(float x)
{
    float y = tw__exp_near_f32(x);
    y = x < -0x1.5d589ep6f ? 0 : y;
    y = x > 0x1.62e42ep6f ? __builtin_inff() : y;
    return x == x ? y : x;
}

/* At most 0.99 ulp. Above 709.78 inf, below -708.4 (where the result would be subnormal) 0. */
TW__ELEMENTARY double tw__exp_f64(double x)
{
    double y = tw__exp_near_f64(x);
    y = x < -0x1.6232bdd7abcd2p9 ? 0 : y;
    y = x > 0x1.62e42fefa39efp9 ? __builtin_inf() : y;
    return x == x ? y : x;
}

/* log x: x = 2^e m, sqrt(1/2) <= m < sqrt(2); with f = m - 1 and s = f / (2 + f), log m = f - f^2/2 + s
 * (f^2/2 + R(s^2)), where R is what the series of 2 artanh(s) / s has beyond its first term. Zero gives -inf,
 * a negative number NaN, inf inf. */

/* At most 0.85 ulp. */
TW__ELEMENTARY float tw__log_f32(float x)
{
    uint32_t u = tw__bits_f32(x), over = u - 0x3f3504f3u; /* from sqrt(1/2) on */
    float e = (float)((int32_t)over >> 23);
    float f = tw__from_bits_f32(u - (over & 0xff800000u)) - 1;
    float s = f / (2 + f), z = s * s, half = 0.5f * f * f;
    float p = 0x1.31e1f4p-2f;
    p = p * z + 0x1.995ecep-2f;
    p = p * z + 0x1.55557ap-1f;
    float y = e * 0x1.62e4p-1f + (f - (half - (s * (half + z * p) + e * 0x1.7f7d1cp-20f)));
    y = x < FLT_MIN ? -__builtin_inff() : y;
    y = x <= -FLT_MIN ? __builtin_nanf("") : y;
    return x <= FLT_MAX ? y : x;
}

/* At most 0.85 ulp. */
TW__ELEMENTARY double tw__log_f64(double x)
{
    uint64_t u = tw__bits_f64(x), over = u - 0x3fe6a09e667f3bcdu;
    /* 1023 + e, which is not negative, becomes a double by way of the bits of 2^52 */
    double e =
        tw__from_bits_f64(((over + 0x3ff0000000000000u) >> 52) | 0x4330000000000000u) - (0x1p52 + 1023);
    double f = tw__from_bits_f64(u - (over & 0xfff0000000000000u)) - 1;
    double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
    double p = 0x1.2f0eb9374ea6ep-3;
    p = p * z + 0x1.39a0d4fb8c95p-3;
    p = p * z + 0x1.74664788366bdp-3;
    p = p * z + 0x1.c71c51e098bf4p-3;
    p = p * z + 0x1.2492494221fe4p-2;
    p = p * z + 0x1.999999997fa52p-2;
    p = p * z + 0x1.5555555555593p-1;
    double y = e * 0x1.62e42fefa38p-1 + (f - (half - (s * (half + z * p) + e * 0x1.ef35793c7673p-45)));
    y = x < DBL_MIN ? -__builtin_inf() : y;
    y = x <= -DBL_MIN ? __builtin_nan("") : y;
    return x <= DBL_MAX ? y : x;
}

/* log(1 + x) for x in [0, 1], at most 2.5 ulp: what 1 + x rounds away comes back by the quotient (Kahan). */
TW__ELEMENTARY double tw__log1p_f64(double x)
{
    double u = 1 + x, y = tw__log_f64(u) * (x / (u - 1));
    return u == 1 ? x : y;
}

/* Cube root of x >= 0, without a division: x is moved to where no square or cube over- or underflows; r near
 * x^(-1/3) by dividing the exponent by -3, Newton's steps for it, of which each doubles the digits; then x
 * r^2, and one step for what rounding has left. */

/* At most 1 ulp; a negative x gives anything. */
TW__ELEMENTARY float tw__cbrt_f32(float x)
{
    float a = x * (x < 1 ? 0x1p96f : 0x1p-30f), third = a * 0x1.555556p-2f;
    float r = tw__from_bits_f32(0x54a21d2au - tw__bits_f32(a) / 3);
    for (int i = 0; i < 3; i++) r = r * (0x1.555556p0f - (third * r) * (r * r));
    float y = a * (r * r);
    y = y + (a - y * y * y) * (r * r * 0x1.555556p-2f);
    return x <= FLT_MAX ? y * (x < 1 ? 0x1p-32f : 0x1p10f) : x;
}

/* At most 1 ulp; a negative x gives anything. */
TW__ELEMENTARY double tw__cbrt_f64(double x)
{
    double a = x * (x < 1 ? 0x1p600 : 0x1p-423), third = a * 0x1.5555555555555p-2;
    uint64_t u = tw__bits_f64(a), bits = (u >> 2) + (u >> 4);
    bits += bits >> 4;
    bits += bits >> 8; /* u / 3 in its first 16 bits, which are enough */
    double r = tw__from_bits_f64(0x553ef0ff289dd796u - bits);
    for (int i = 0; i < 4; i++) r = r * (0x1.5555555555555p0 - (third * r) * (r * r));
    double y = a * (r * r);
    y = y + (a - y * y * y) * (r * r * 0x1.5555555555555p-2);
    return x <= DBL_MAX ? y * (x < 1 ? 0x1p-200 : 0x1p141) : x;
}

/* tanh of a = |x|: a + a z R(z) with z = a^2 near 0, 1 - 2 / (exp(2a) + 1) beyond; the two share one
 * division. */

/* At most 1.1 ulp. Exactly 1 from 9.02 on. */
TW__ELEMENTARY float tw__tanh_f32(float x)
{
    float a = tw__from_bits_f32(tw__bits_f32(x) & 0x7fffffffu);
    float d = a > 10 ? 20 : a + a;
    float e = tw__exp_near_f32(d);
    float z = a * a;
    float top = (-0x1.de1bcap-1f * z - 0x1.519ce6p4f) * z;
    float bottom = (z + 0x1.c1f546p4f) * z + 0x1.fa6b58p5f;
    float q = (a < 0.7f ? top : -2) / (a < 0.7f ? bottom : e + 1);
    float y = a < 0.7f ? a + a * q : 1 + q;
    y = x == x ? y : x;
    return tw__from_bits_f32(tw__bits_f32(y) | (tw__bits_f32(x) & 0x80000000u));
}

/* At most 1.35 ulp. Exactly 1 from 19.07 on. */
TW__ELEMENTARY double tw__tanh_f64(double x)
{
    double a = tw__from_bits_f64(tw__bits_f64(x) & 0x7fffffffffffffffu);
    double d = a > 20 ? 40 : a + a;
    double e = tw__exp_near_f64(d);
    double z = a * a;
    double top = (((-0x1.edc5babd6608p-1 * z - 0x1.8d26a1f1340ep6) * z) - 0x1.93ac04630b748p10) * z;
    double bottom = ((z + 0x1.c33f29cad46a1p6) * z + 0x1.176fa1d07083bp11) * z + 0x1.2ec1034a48978p12;
    double q = (a < 0.625 ? top : -2) / (a < 0.625 ? bottom : e + 1);
    double y = a < 0.625 ? a + a * q : 1 + q;
    y = x == x ? y : x;
    return tw__from_bits_f64(tw__bits_f64(y) | (tw__bits_f64(x) & 0x8000000000000000u));
}

/* sin x, cos x: x = n pi/2 + r, |r| <= pi/4; quadrant n mod 4 chooses one of two polynomials and the sign.
 * pi/2 comes in parts of 33 bits, so n times a part is exact up to |x| = 2^20. */
TW__ELEMENTARY double tw__choose_f64(uint64_t quadrant, double sine, double cosine)
{
    uint64_t odd = 0 - (quadrant & 1), sign = (quadrant & 2) << 62;
    return tw__from_bits_f64(((tw__bits_f64(sine) & ~odd) | (tw__bits_f64(cosine) & odd)) ^ sign);
}

/* sin(r + low) and cos(r + low), |r| <= pi/4 and low below r's last place */
TW__ELEMENTARY double tw__sin_near_f64(double r, double low)
{
    double z = r * r;
    double p = 0x1.5d8db021758a1p-33;
    p = p * z - 0x1.ae5e52ce6b3b6p-26;
    p = p * z + 0x1.71de355d2d1d9p-19;
    p = p * z - 0x1.a01a019bf0674p-13;
    p = p * z + 0x1.111111110f754p-7;
    p = p * z - 0x1.5555555555548p-3;
    return r + (r * z * p + low * (1 - 0.5 * z));
}

TW__ELEMENTARY double tw__cos_near_f64(double r, double low)
{
    double z = r * r, half = 0.5 * z, w = 1 - half;
    double q = -0x1.8fa60587d818ap-37;
    q = q * z + 0x1.1ee9dafa2ea64p-29;
    q = q * z - 0x1.27e4f7f08fca8p-22;
    q = q * z + 0x1.a01a019c8e1cep-16;
    q = q * z - 0x1.6c16c16c1500fp-10;
    q = q * z + 0x1.555555555554bp-5;
    return w + (((1 - w) - half) + (z * z * q - r * low));
}

/* sin(x + first quadrants): the sum r + low keeps about 100 bits, as x may lie within 2^-60 of a multiple of
 * pi/2 */
TW__ELEMENTARY double tw__sin_from_f64(double x, uint64_t first)
{
    double t = x * 0x1.45f306dc9c883p-1 + TW__ROUND_F64;
    double n = t - TW__ROUND_F64;
    double a = x - n * 0x1.921fb544p0;
    double b = n * 0x1.0b4611a6p-34, c = n * 0x1.3198a2ep-69, d = n * 0x1.b839a252049c1p-104;
    double ab = a - b, ab_b = a - ab, ab_low = (a - (ab + ab_b)) + (ab_b - b);
    double abc = ab - c, abc_c = ab - abc, abc_low = (ab - (abc + abc_c)) + (abc_c - c);
    double rest = (ab_low + abc_low) - d;
    double r = abc + rest, low = rest - (r - abc);
    double y = tw__choose_f64(tw__bits_f64(t) + first, tw__sin_near_f64(r, low), tw__cos_near_f64(r, low));
    return x >= -0x1p50 && x <= 0x1p50 ? y : __builtin_nan("");
}

/* At most 0.85 ulp up to |x| = 2^20; beyond, the error is that of an x wrong by |x| 2^-51; beyond 2^50 no
 * digit would be left and the result is NaN. */
TW__ELEMENTARY double tw__sin_f64(double x)
{
    double y = tw__sin_from_f64(x, 0);
    return x == 0 ? x : y; /* -0 */
}

TW__ELEMENTARY double tw__cos_f64(double x) { return tw__sin_from_f64(x, 1); }

/* In double throughout. */
TW__ELEMENTARY float tw__sin_from_f32(float from, uint64_t first)
{
    double x = (double)from;
    double t = x * 0x1.45f306dc9c883p-1 + TW__ROUND_F64;
    double n = t - TW__ROUND_F64;
    double r = (x - n * 0x1.921fb544p0) - n * 0x1.0b4611a626331p-34;
    double z = r * r;
    double p = 0x1.6cd095a9b8fe0p-19;
    p = p * z - 0x1.a00f7965b21cbp-13;
    p = p * z + 0x1.111108631ea8dp-7;
    p = p * z - 0x1.5555554c6787p-3;
    double q = -0x1.241d8f7258b4ep-22;
    q = q * z + 0x1.a010d9a5cedd4p-16;
    q = q * z - 0x1.6c16b822117fcp-10;
    q = q * z + 0x1.5555554ed1d4bp-5;
    double y = tw__choose_f64(tw__bits_f64(t) + first, r + r * z * p, (1 - 0.5 * z) + z * z * q);
    return (float)(x >= -0x1p50 && x <= 0x1p50 ? y : __builtin_nan(""));
}

/* At most 0.51 ulp up to |x| = 2^20; beyond, |x| 2^-51 more; beyond 2^50 the result is NaN. */
TW__ELEMENTARY float tw__sin_f32(float x)
{
    float y = tw__sin_from_f32(x, 0);
    return x == 0 ? x : y; /* -0 */
}

TW__ELEMENTARY float tw__cos_f32(float x) { return tw__sin_from_f32(x, 1); }

#undef TW__ELEMENTARY
#endif
