/* bf16: the upper half of a single-precision number, rounded to nearest, ties to even; sums stay in the
 * weights' type.
 * SPDX-License-Identifier: MIT */
#include "exchange/codecs/codec.h"
#include <string.h>

static float rounded(float x)
{
    uint32_t bits;
    if (x != x) return x;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    memcpy(&x, &bits, sizeof x);
    return x + 0;
}

static void round_f32(size_t n, float *x, double keep)
{
    (void)keep;
    for (size_t i = 0; i < n; i++) x[i] = rounded(x[i]);
}

static void round_f64(size_t n, double *x, double keep)
{
    (void)keep;
    for (size_t i = 0; i < n; i++) x[i] = (double)rounded((float)x[i]);
}

size_t tw__bf16_bytes(size_t n) { return n * sizeof(uint16_t); }

void tw__bf16_pack(size_t n, const float *x, unsigned char *to)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        const uint16_t upper = (uint16_t)(bits >> 16);
        memcpy(to + i * sizeof upper, &upper, sizeof upper);
    }
}

void tw__bf16_unpack(size_t n, const unsigned char *from, float *x)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t upper;
        memcpy(&upper, from + i * sizeof upper, sizeof upper);
        const uint32_t bits = (uint32_t)upper << 16;
        memcpy(&x[i], &bits, sizeof bits);
    }
}

const tw__codec tw__codec_bf16 = {.f32 = round_f32,
                                  .f64 = round_f64,
                                  .bytes = tw__bf16_bytes,
                                  .pack = tw__bf16_pack,
                                  .unpack = tw__bf16_unpack,
                                  .takes_lists = 1};
