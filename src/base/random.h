/* Philox4x32-10: random numbers by counting, so that any thread can draw number i of stream s without drawing
 * those before it. Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_RANDOM_H
#define TW_BASE_RANDOM_H
#include <stdint.h>

/* What the numbers are for: the high half of counter word 3, so that no two uses share a number. */
enum tw__purpose {
    TW__FOR_WEIGHTS = 1,
    TW__FOR_SHUFFLE,
    TW__FOR_DROPOUT,
    TW__FOR_DIGITS,
    TW__FOR_RULE,
    TW__FOR_TEST,
    TW__FOR_SAMPLING,
    TW__FOR_SNAPSHOT,
    TW__FOR_SURFACE,
    TW__FOR_FIGURE,
    TW__FOR_VALIDATION,
    TW__FOR_COORDINATES,
    TW__FOR_PLANTED,
    TW__FOR_WINDOWS,
    TW__FOR_AUGMENT,
    TW__FOR_NOISE,
    TW__FOR_TEXT,
    TW__FOR_TIMES,
    TW__FOR_PAUSES,
    TW__FOR_FAILURES,
    TW__FOR_FACTORS
};

typedef struct tw__philox4 {
    uint32_t word[4];
} tw__philox4;

static inline __attribute__((always_inline)) tw__philox4 tw__philox(uint64_t seed, uint32_t c0, uint32_t c1,
                                                                    uint32_t c2, uint32_t c3)
{
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)c0 * 0xD2511F53u, b = (uint64_t)c2 * 0xCD9E8D57u;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)b;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (tw__philox4){{c0, c1, c2, c3}};
}

/* 64 random bits: number `index` of (seed, purpose, stream). */
static inline uint64_t tw__random_bits(uint64_t seed, enum tw__purpose purpose, uint32_t stream,
                                       uint64_t index)
{
    tw__philox4 r =
        tw__philox(seed, (uint32_t)index, (uint32_t)(index >> 32), stream, (uint32_t)purpose << 16);
    return (uint64_t)r.word[1] << 32 | r.word[0];
}

/* Uniform in [0, 1), 53 bits. */
static inline double tw__random_unit(uint64_t seed, enum tw__purpose purpose, uint32_t stream, uint64_t index)
{
    return (double)(tw__random_bits(seed, purpose, stream, index) >> 11) * 0x1p-53;
}

/* Uniform in 0 .. n-1, n > 0, by multiplication: the bias is below n / 2^64. */
static inline uint64_t tw__random_below(uint64_t seed, enum tw__purpose purpose, uint32_t stream,
                                        uint64_t index, uint64_t n)
{
    return (uint64_t)((unsigned __int128)tw__random_bits(seed, purpose, stream, index) * n >> 64);
}
#endif
