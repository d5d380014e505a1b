/* 1bit: whether a number is below 0; it becomes the mean of those of a chunk that are, or that are not.
 * Seide, Fu, Droppo, Li & Yu 2014, section 3.
 * SPDX-License-Identifier: MIT */
#include "exchange/codecs/chunks.h"

#define ONE_BIT(real, t)                                                                             \
    static void chunk_##t(size_t n, real *x)                                                         \
    {                                                                                                \
        double sum[2] = {0, 0};                                                                      \
        size_t count[2] = {0, 0};                                                                    \
        for (size_t i = 0; i < n; i++) {                                                             \
            sum[x[i] < 0] += (double)x[i];                                                           \
            count[x[i] < 0]++;                                                                       \
        }                                                                                            \
        float mean[2];                                                                               \
        for (int k = 0; k < 2; k++) mean[k] = count[k] ? (float)(sum[k] / (double)count[k]) + 0 : 0; \
        for (size_t i = 0; i < n; i++) x[i] = (real)mean[x[i] < 0];                                  \
    }                                                                                                \
    TW__CHUNKS(real, t)

ONE_BIT(float, f32)
ONE_BIT(double, f64)

TW__VALUES_CODEC(tw__codec_one_bit, 1);
