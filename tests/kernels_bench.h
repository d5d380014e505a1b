/* What tests of kernels share: the tables under test, numbers of several kinds, the comparison with the naive
 * definitions (kernels_naive.h).
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_KERNELS_BENCH_H
#define TESTS_KERNELS_BENCH_H
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/cpu.h"
#include "base/random.h"
#include "math/elementary.h"
#include "math/kernels.h"

#define REAL float
#define FMA fmaf
#define EXP tw__exp_f32
#define NAIVE(name) name##_f32
#include "kernels_naive.h"
#undef REAL
#undef FMA
#undef EXP
#undef NAIVE
#define REAL double
#define FMA fma
#define EXP tw__exp_f64
#define NAIVE(name) name##_f64
#include "kernels_naive.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What the numbers in a test are like. */
typedef enum kind { NORMAL, HALF_ZERO, TINY, WILD } kind;

/* The tables under test of one precision. */
typedef struct bench {
    const tw__kernels *naive, *fast[3];
    const char *isa[3];
    size_t levels, real;
    uint64_t drawn;
} bench;

static inline void bench_of(bench *b, tw_type type)
{
    *b = (bench){.naive = type == TW_F32 ? &kernels_f32 : &kernels_f64};
    b->real = b->naive->real;
    for (int isa = TW_ISA_BASE; isa <= (int)tw_isa_of_cpu(); isa++) {
        b->fast[b->levels] = tw__kernels_for(type, (tw_isa)isa);
        b->isa[b->levels++] = tw_isa_name((tw_isa)isa);
    }
}

static inline void set(const bench *b, void *p, size_t i, double v)
{
    if (b->real == 4) ((float *)p)[i] = (float)v;
    else ((double *)p)[i] = v;
}

static inline double get(const bench *b, const void *p, size_t i)
{
    return b->real == 4 ? (double)((const float *)p)[i] : ((const double *)p)[i];
}

static inline double draw(bench *b, kind of)
{
    double u = 2 * tw__random_unit(1, TW__FOR_TEST, 0, b->drawn++) - 1,
           choice = tw__random_unit(1, TW__FOR_TEST, 1, b->drawn);
    if (of == HALF_ZERO && choice < 0.5) return choice < 0.1 ? -0.0 : 0.0;
    if (of == TINY) /* products underflow, to -0 as well */
        return ldexp(u, b->real == 4 ? -80 : -600);
    if (of == WILD && choice < 0.05)
        return choice < 0.02 ? (double)NAN : choice < 0.035 ? (double)INFINITY : -(double)INFINITY;
    return u;
}

/* n numbers in memory of exactly that size, so that sanitizers see every step beyond it. */
static inline void *numbers(bench *b, size_t n, kind of)
{
    void *p = malloc(n * b->real + !n);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++) set(b, p, i, draw(b, of));
    return p;
}

static inline void *copy(const void *from, size_t bytes)
{
    void *p = malloc(bytes + !bytes);
    assert_non_null(p);
    return memcpy(p, from, bytes);
}

static inline void same(const bench *b, size_t level, const char *what, size_t n, const void *naive,
                        const void *fast)
{
    for (size_t i = 0; i < n; i++) {
        double want = get(b, naive, i), got = get(b, fast, i);
        if (memcmp((const char *)naive + i * b->real, (const char *)fast + i * b->real, b->real) &&
            !(isnan(want) && isnan(got)))
            fail_msg("%s f%zu %s: number %zu of %zu is %a, not %a", what, b->real * 8, b->isa[level], i, n,
                     got, want);
    }
}
#endif
