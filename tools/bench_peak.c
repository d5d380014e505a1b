/* How many multiplications and additions one thread can do: fma on registers alone, in the widest vectors
 * that an instruction set has.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include <time.h>

enum { CHAINS = 12 /* more than latency times units */, ROUNDS = 2000000, TRIES = 5 };

#ifdef __clang__
#define SIMD
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define SIMD _Pragma("omp simd")
#define UNROLL _Pragma("GCC unroll 64")
#endif

/* Rounds of CHAINS vectors of so many bytes; the sum, so that nothing is left out. */
#define FMA_LOOP(name, bytes, attributes)                                         \
    attributes static float name(long rounds)                                     \
    {                                                                             \
        typedef float vec __attribute__((vector_size(bytes)));                    \
        vec chain[CHAINS];                                                        \
        float sum = 0;                                                            \
        for (int i = 0; i < CHAINS; i++) chain[i] = (float)i - (vec){0};          \
        for (long n = 0; n < rounds; n++) UNROLL for (int i = 0; i < CHAINS; i++) \
            {                                                                     \
                vec next;                                                         \
                SIMD for (int j = 0; j < (bytes) / 4; j++) next[j] =              \
                    __builtin_fmaf(chain[i][j], 0.999999f, 1e-7f);                \
                chain[i] = next;                                                  \
            }                                                                     \
        for (int i = 0; i < CHAINS; i++) sum += chain[i][0];                      \
        return sum;                                                               \
    }
#ifdef __x86_64__
FMA_LOOP(loop_avx2, 32, __attribute__((target("avx2,fma"))))
FMA_LOOP(loop_avx512, 64, __attribute__((target("avx512f,fma,prefer-vector-width=512"))))
#endif
FMA_LOOP(loop_base, 16, )

double bench_cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_fma_peak(tw_isa isa)
{
    float (*loop)(long) = loop_base;
    int lanes = 4;
#ifdef __x86_64__
    if (isa == TW_ISA_AVX2) loop = loop_avx2, lanes = 8;
    if (isa == TW_ISA_AVX512) loop = loop_avx512, lanes = 16;
#endif
    const long rounds = isa == TW_ISA_BASE ? ROUNDS / 100 : ROUNDS;
    double best = 0;
    volatile float sink = 0;
    for (int i = 0; i < TRIES; i++) {
        const double start = bench_cpu_seconds();
        sink = loop(rounds);
        const double rate = 2.0 * lanes * CHAINS * (double)rounds / (bench_cpu_seconds() - start);
        if (rate > best) best = rate;
    }
    (void)sink;
    return best;
}
