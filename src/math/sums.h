/* Sums whose bits depend on nothing but the numbers, the same for every instruction set and any number of
 * threads. In the cache they are at least 3.5 times as fast as the naive loop with AVX2 or AVX-512, and twice
 * without; beyond it the bus decides.
 *
 *   vector   cut into chunks of 4,096, the last one shorter        x[0..4095] | x[4096..8191] | ...
 *   chunk    16 lanes, in double from 0: element i of the chunk is added to lane i % 16, i ascending
 *   lanes    lane j += lane j + 8 for j < 8; then j + 4, j + 2, j + 1: lane 0 is the chunk's sum
 *   chunks   a binary tree by chunk number: ((0 + 1) + (2 + 3)) + ((4 + 5) + ...); a missing right side is
 *     skipped
 *
 * Chunks may be summed by any thread. float elements become double before they are multiplied. No fma.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_SUMS_H
#define TW_MATH_SUMS_H
#include <stddef.h>
#include <thalweg/context.h>

enum { TW__CHUNK = 4096, TW__SUM_LANES = 16 };

/* For one chunk: n <= TW__CHUNK. */
typedef struct tw__sums {
    double (*sum_squares_f32)(const float *x, size_t n);
    double (*sum_squares_f64)(const double *x, size_t n);
    /* whether all are finite */
    int (*finite_f32)(const float *x, size_t n);
    int (*finite_f64)(const double *x, size_t n);
} tw__sums;

/* The table for an instruction set (tw_context_isa); TW_ISA_DETECT counts as TW_ISA_BASE.  Never NULL. */
const tw__sums *tw__sums_for(tw_isa isa);

/* The tree over chunks, fed from left to right. Zero-initialise. */
typedef struct tw__tree {
    size_t count;
    double node[8 * sizeof(size_t)];
} tw__tree;
void tw__tree_add(tw__tree *tree, double chunk);
double tw__tree_total(const tw__tree *tree); /* 0 if nothing was added */
/* The same tree over n values at once. */
double tw__tree_sum(const double *chunk, size_t n);

/* Whole vectors. */
double tw__sum_squares_f32(const tw__sums *sums, const float *x, size_t n);
double tw__sum_squares_f64(const tw__sums *sums, const double *x, size_t n);

/* Index of the first NaN or infinity, n if there is none. */
size_t tw__first_not_finite_f32(const tw__sums *sums, const float *x, size_t n);
size_t tw__first_not_finite_f64(const tw__sums *sums, const double *x, size_t n);
#endif
