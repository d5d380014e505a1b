/* Codecs that make a few values of the TW_CHUNK numbers of a chunk. Sent are these values, 1 << width of them
 * in single precision, and of each number in `width` bits which of them it is.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_CODECS_CHUNKS_H
#define TW_EXCHANGE_CODECS_CHUNKS_H
#include "exchange/codecs/codec.h"
#include <thalweg/optimizer.h>
#include <string.h>

/* Chunk by chunk. */
#define TW__CHUNKS(real, t)                                                   \
    static void round_##t(size_t n, real *x, double keep)                     \
    {                                                                         \
        (void)keep;                                                           \
        for (size_t lo = 0; lo < n; lo += TW_CHUNK)                           \
            chunk_##t(n - lo < TW_CHUNK ? n - lo : (size_t)TW_CHUNK, x + lo); \
    }

static inline size_t tw__values_bytes(size_t n, int width)
{
    const size_t chunks = (n + TW_CHUNK - 1) / TW_CHUNK, values = (size_t)1 << width;
    return chunks * values * sizeof(float) + (n * (size_t)width + 7) / 8;
}

static inline void tw__values_pack(size_t n, const float *x, int width, unsigned char *to)
{
    enum { MOST = 4 };
    float value[MOST] = {0};
    const size_t values = (size_t)1 << width;
    unsigned char *const bits = to + values * sizeof *value;
    size_t known = 0;
    memset(to, 0, tw__values_bytes(n, width));
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < known && memcmp(&value[k], &x[i], sizeof *x) != 0) k++;
        if (k == known && known < values) value[known++] = x[i];
        bits[i * (size_t)width / 8] |= (unsigned char)((k & (values - 1)) << (i * (size_t)width % 8));
    }
    memcpy(to, value, values * sizeof *value);
}

static inline void tw__values_unpack(size_t n, const unsigned char *from, int width, float *x)
{
    const size_t values = (size_t)1 << width;
    const unsigned char *const bits = from + values * sizeof *x;
    for (size_t i = 0; i < n; i++) {
        const size_t k = (size_t)bits[i * (size_t)width / 8] >> (i * (size_t)width % 8) & (values - 1);
        memcpy(&x[i], from + k * sizeof *x, sizeof *x);
    }
}

/* What is left of such a codec: the rounding is round_f32 and _f64. */
#define TW__VALUES_CODEC(name, width)                                                                   \
    static size_t bytes(size_t n) { return tw__values_bytes(n, width); }                                \
    static void pack(size_t n, const float *x, unsigned char *to) { tw__values_pack(n, x, width, to); } \
    static void unpack(size_t n, const unsigned char *from, float *x)                                   \
    {                                                                                                   \
        tw__values_unpack(n, from, width, x);                                                           \
    }                                                                                                   \
    extern const tw__codec name;                                                                        \
    const tw__codec name = {.f32 = round_f32,                                                           \
                            .f64 = round_f64,                                                           \
                            .bytes = bytes,                                                             \
                            .pack = pack,                                                               \
                            .unpack = unpack,                                                           \
                            .feeds_back = 1}
#endif
