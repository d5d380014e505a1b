/* 2bit: -a, 0 or a: 0 for numbers of a chunk below 0.7 of their mean size, a for the others, whose mean size
 * it is. Li, Zhang & Liu 2016, equations 5 and 6.
 * SPDX-License-Identifier: MIT */
#include "exchange/codecs/chunks.h"
#include <math.h>

#define TWO_BIT(real, t)                                                                                     \
    static void chunk_##t(size_t n, real *x)                                                                 \
    {                                                                                                        \
        const double share = 0.7;                                                                            \
        double all = 0, large = 0;                                                                           \
        size_t count = 0;                                                                                    \
        for (size_t i = 0; i < n; i++) all += fabs((double)x[i]);                                            \
        const double most = share * (all / (double)n);                                                       \
        for (size_t i = 0; i < n; i++) {                                                                     \
            const double size = fabs((double)x[i]);                                                          \
            large += size < most ? 0 : size;                                                                 \
            count += !(size < most);                                                                         \
        }                                                                                                    \
        const float a = (float)(large / (double)count);                                                      \
        for (size_t i = 0; i < n; i++) x[i] = fabs((double)x[i]) < most ? 0 : x[i] < 0 ? (real)-a : (real)a; \
    }                                                                                                        \
    TW__CHUNKS(real, t)

TWO_BIT(float, f32)
TWO_BIT(double, f64)

enum { WIDTH = 2 };
static size_t bytes(size_t n) { return tw__values_bytes(n, WIDTH); }
static void pack(size_t n, const float *x, unsigned char *to) { tw__values_pack(n, x, WIDTH, to); }
static void unpack(size_t n, const unsigned char *from, float *x) { tw__values_unpack(n, from, WIDTH, x); }

extern const tw__codec tw__codec_two_bit;
const tw__codec tw__codec_two_bit =
    {.f32 = round_f32, .f64 = round_f64, .bytes = bytes, .pack = pack, .unpack = unpack, .feeds_back = 1};
