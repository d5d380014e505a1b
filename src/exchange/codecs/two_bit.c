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

TW__VALUES_CODEC(tw__codec_two_bit, 2);
