/* Codecs that send few bits for each number, and for every TW_CHUNK of them what the bits mean.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_CODECS_CHUNKS_H
#define TW_EXCHANGE_CODECS_CHUNKS_H
#include "exchange/codecs/codec.h"
#include <thalweg/optimizer.h>

/* round_NAME_f32 and _f64 of chunk_NAME_f32 and _f64, which take one chunk. */
#define TW__CHUNKS(name, real, t)                                                      \
    static void round_##name##_##t(size_t n, real *x, double keep)                     \
    {                                                                                  \
        (void)keep;                                                                    \
        for (size_t lo = 0; lo < n; lo += TW_CHUNK)                                    \
            chunk_##name##_##t(n - lo < TW_CHUNK ? n - lo : (size_t)TW_CHUNK, x + lo); \
    }

/* n numbers of so many bits each, and so many numbers in single precision for each chunk. */
static inline uint64_t tw__chunks_bytes(size_t n, int bits, int scales)
{
    const uint64_t chunks = ((uint64_t)n + TW_CHUNK - 1) / TW_CHUNK;
    return ((uint64_t)n * (uint64_t)bits + 7) / 8 + chunks * (uint64_t)scales * sizeof(float);
}
#endif
