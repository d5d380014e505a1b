/* What the benchmarks share.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H
#include <stddef.h>
#include <stdint.h>
#include <thalweg/context.h>

enum { BENCH_MOST_PAIRS = 101, BENCH_MOST_SLOTS = 8 };

double bench_median(double *x, size_t n);                               /* sorts x */

/* Reads g and reads and writes the other `arrays` vectors, with next to no arithmetic: what a rule with arrays - 1 numbers of state per
 * weight must move at least. With the context's instruction set, on `threads` threads. */
void bench_move(tw_isa isa, int threads, float *const *x, int arrays, const float *g, size_t n);
#endif
