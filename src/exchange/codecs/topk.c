/* topk: the numbers of largest size, ceil(keep n) of n, each with its place; the earlier ones of equal size.
 * Unless all are kept, they are rounded to bf16, so that they take less than twice the bytes of their places.
 * Aji & Heafield 2017; Stich, Cordonnier & Jaggi 2018 (what is lost is added to the next).
 * SPDX-License-Identifier: MIT */
#include "exchange/codecs/codec.h"
#include <math.h>
#include <string.h>

/* The size of the k-th largest number, digit by digit of its bits, the sign's apart, which are in the order
 * of sizes; *at_it: how many of that size are among the k. */
#define TOPK(real, bits, t)                                                           \
    static bits size_##t(real x)                                                      \
    {                                                                                 \
        bits b;                                                                       \
        memcpy(&b, &x, sizeof b);                                                     \
        return b & ~((bits)1 << (8 * sizeof b - 1));                                  \
    }                                                                                 \
    static bits kth_##t(size_t n, const real *x, size_t k, size_t *at_it)             \
    {                                                                                 \
        enum { DIGIT = 8, VALUES = 1 << DIGIT };                                      \
        bits chosen = 0, mask = 0;                                                    \
        for (int shift = 8 * (int)sizeof(bits) - DIGIT; shift >= 0; shift -= DIGIT) { \
            size_t count[VALUES] = {0}, digit = VALUES - 1;                           \
            for (size_t i = 0; i < n; i++) {                                          \
                const bits b = size_##t(x[i]);                                        \
                count[b >> shift & (VALUES - 1)] += (b & mask) == chosen;             \
            }                                                                         \
            for (; digit > 0 && count[digit] < k; digit--) k -= count[digit];         \
            chosen |= (bits)digit << shift;                                           \
            mask |= (bits)(VALUES - 1) << shift;                                      \
        }                                                                             \
        *at_it = k;                                                                   \
        return chosen;                                                                \
    }                                                                                 \
    static void keep_##t(size_t n, real *x, double keep)                              \
    {                                                                                 \
        const size_t k = (size_t)ceil(keep * (double)n);                              \
        size_t left = n;                                                              \
        const bits least = k < n ? kth_##t(n, x, k, &left) : 0;                       \
        for (size_t i = 0; i < n; i++) {                                              \
            const bits b = size_##t(x[i]);                                            \
            if (b < least || (b == least && left == 0)) x[i] = 0;                     \
            else left -= b == least;                                                  \
        }                                                                             \
        if (keep < 1) tw__codec_bf16.t(n, x, keep);                                   \
    }

TOPK(float, uint32_t, f32)
TOPK(double, uint64_t, f64)

extern const tw__codec tw__codec_topk;
const tw__codec tw__codec_topk = {.f32 = keep_f32,
                                  .f64 = keep_f64,
                                  .bytes = tw__bf16_bytes,
                                  .pack = tw__bf16_pack,
                                  .unpack = tw__bf16_unpack,
                                  .leaves_out = 1,
                                  .feeds_back = 1,
                                  .takes_lists = 1};
