/* The bandwidth kernels that an optimiser's step is compared with: the same traffic without the rule's
 * arithmetic. STREAM's triad is no ceiling for a step: bandwidth depends on the number of streams and on
 * updating in place.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include <pthread.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, compare);
    return n ? (x[n / 2] + x[(n - 1) / 2]) / 2 : 0;
}

#define TINY 1e-9f
#define BODY __attribute__((always_inline)) static inline void
typedef uint32_t __attribute__((may_alias)) word;

BODY move1(float *restrict a, const float *restrict g, size_t lo, size_t hi)
{
#pragma omp simd
    for (size_t i = lo; i < hi; i++) a[i] += TINY * g[i];
}

BODY move2(float *restrict a, float *restrict b, const float *restrict g, size_t lo, size_t hi)
{
#pragma omp simd
    for (size_t i = lo; i < hi; i++) {
        float x = TINY * g[i];
        b[i] += x;
        a[i] += x;
    }
}

BODY move3(float *restrict a, float *restrict b, float *restrict c, const float *restrict g, size_t lo,
           size_t hi)
{
#pragma omp simd
    for (size_t i = lo; i < hi; i++) {
        float x = TINY * g[i];
        c[i] += x;
        b[i] += x;
        a[i] += x;
    }
}

BODY move4(float *restrict a, float *restrict b, float *restrict c, float *restrict d,
           const float *restrict g, size_t lo, size_t hi)
{
#pragma omp simd
    for (size_t i = lo; i < hi; i++) {
        float x = TINY * g[i];
        d[i] += x;
        c[i] += x;
        b[i] += x;
        a[i] += x;
    }
}

/* Bits are joined, not numbers added, as that needs no order. */
BODY read1(const float *g, size_t lo, size_t hi)
{
    const word *a = (const word *)g;
    word bits = 0;
#pragma omp simd reduction(| : bits)
    for (size_t i = lo; i < hi; i++) bits |= a[i];
    /* or the compiler would leave all of it out */
    __asm__ volatile("" : : "r"(bits));
}

BODY read2(const float *x, const float *g, size_t lo, size_t hi)
{
    const word *a = (const word *)g, *b = (const word *)x;
    word bits = 0;
#pragma omp simd reduction(| : bits)
    for (size_t i = lo; i < hi; i++) bits |= a[i] | b[i];
    __asm__ volatile("" : : "r"(bits));
}

BODY move(float *const *x, int arrays, const float *g, size_t lo, size_t hi)
{
    switch (arrays) {
    case BENCH_READ_BOTH: read2(x[0], g, lo, hi); break;
    case BENCH_READ_G: read1(g, lo, hi); break;
    case 1: move1(x[0], g, lo, hi); break;
    case 2: move2(x[0], x[1], g, lo, hi); break;
    case 3: move3(x[0], x[1], x[2], g, lo, hi); break;
    default: move4(x[0], x[1], x[2], x[3], g, lo, hi);
    }
}

static void move_base(float *const *x, int arrays, const float *g, size_t lo, size_t hi)
{
    move(x, arrays, g, lo, hi);
}
#if defined(__x86_64__)
#if defined(__clang__)
#define TARGET_AVX512 __attribute__((target("avx512f")))
#else
/* gcc's own choice is 256 */
#define TARGET_AVX512 __attribute__((target("avx512f,prefer-vector-width=512")))
#endif
__attribute__((target("avx2"))) static void move_avx2(float *const *x, int arrays, const float *g, size_t lo,
                                                      size_t hi)
{
    move(x, arrays, g, lo, hi);
}
TARGET_AVX512 static void move_avx512(float *const *x, int arrays, const float *g, size_t lo, size_t hi)
{
    move(x, arrays, g, lo, hi);
}
#else
#define move_avx2 move_base
#define move_avx512 move_base
#endif

struct share {
    tw_isa isa;
    float *const *x;
    int arrays;
    const float *g;
    size_t lo, hi, repeats;
};

static void *work(void *user)
{
    const struct share *s = user;
    void (*kernel)(float *const *, int, const float *, size_t, size_t) = s->isa == TW_ISA_AVX512 ? move_avx512
                                                                         : s->isa == TW_ISA_AVX2 ? move_avx2
                                                                                                 : move_base;
    for (size_t i = 0; i < s->repeats; i++) kernel(s->x, s->arrays, s->g, s->lo, s->hi);
    return NULL;
}

void bench_move(tw_isa isa, int threads, float *const *x, int arrays, const float *g, size_t n,
                size_t repeats)
{
    enum { MOST = 256 };
    struct share share[MOST];
    pthread_t thread[MOST];
    int started[MOST] = {0};
    if (threads > MOST) threads = MOST;
    const size_t each = n / (size_t)threads;
    for (int i = threads - 1; i >= 0; i--) {
        share[i] = (struct share){
            isa, x, arrays, g, each * (size_t)i, i == threads - 1 ? n : each * (size_t)(i + 1), repeats};
        started[i] = i && !pthread_create(&thread[i], NULL, work, &share[i]);
        if (!started[i]) work(&share[i]);
    }
    for (int i = 1; i < threads; i++)
        if (started[i]) pthread_join(thread[i], NULL);
}
