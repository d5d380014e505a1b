/* Normalisation.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_NORM_H
#define TW_MATH_KERNELS_NORM_H
#include <stddef.h>
#include "math/kernels/into.h"

/* Columns normalised by constants: y = (x - mean[i]) * scale[i] * gain[i] + shift[i], and then, with relu,
 * 0 > y ? 0 : y. */
typedef struct tw__normalised {
    const void *mean, *scale, *gain, *shift;
    int relu;
} tw__normalised;

/* Sums over the numbers of a line run in 8 partial sums, of the numbers 8 apart, which are then added in a
 * tree. */
typedef struct tw__norm_kernels {
    /* Lines of n numbers: y = (x - mean) * scale * gain[i] + shift[i], scale = 1/sqrt(variance + eps); mean
     * and scale of each line into stats, two numbers a line. */
    void (*lines_forward)(size_t lines, size_t n, double eps, const void *x, const void *gain,
                          const void *shift, void *y, void *stats);
    /* With h = (x - mean) * scale, g = dy * gain: dx = scale * (g - mean of g - h * mean of g h); dgain[i],
     * dshift[i]: plain sums over the lines ascending of dy h and dy, as `into` says. dx may be NULL. */
    void (*lines_input)(size_t lines, size_t n, const void *x, const void *gain, const void *stats,
                        const void *dy, void *dx);
    void (*lines_weights)(size_t lines, size_t n, const void *x, const void *stats, const void *dy,
                          tw__into into, void *dgain, void *dshift, void *scratch /* 2 n numbers */);

    /* Columns, of which each has numbers of its own: sums[0 .. n-1] += x, sums[n .. 2n-1] += x^2 in double,
     * line after line. */
    void (*columns_sums)(size_t lines, size_t n, const void *x, double *sums);
    void (*columns_forward)(size_t lines, size_t n, const void *x, const tw__normalised *by, void *y);
    /* sums[0 .. n-1] += dy, sums[n .. 2n-1] += dy h in double, line after line, h = (x - mean) * scale */
    void (*columns_slopes)(size_t lines, size_t n, const void *x, const void *mean, const void *scale,
                           const void *dy, double *sums);
    /* dx = scale * gain * (dy - a[i] - h b[i]), which is right where a and b are the means of dy and dy h */
    void (*columns_input)(size_t lines, size_t n, const void *x, const void *mean, const void *scale,
                          const void *gain, const void *a, const void *b, const void *dy, void *dx);
    /* `count` numbers, of which number i belongs to column i % n: y = (x - mean) / deviation */
    void (*columns_standardize)(size_t count, size_t n, const void *x, const void *mean,
                                const void *deviation, void *y);
} tw__norm_kernels;

#endif
