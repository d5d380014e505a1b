/* Convolutions.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_CONV_H
#define TW_MATH_KERNELS_CONV_H
#include <stddef.h>
#include <stdint.h>
#include "math/kernels/into.h"

/* A valid convolution, stride 1: out_h = in_h - k_h + 1. Weights [k_h][k_w][in_c][out_c]. The input may begin
 * and end with lines and columns of zeros, which have no gradient. */
typedef struct tw__conv {
    size_t in_h, in_w, in_c, k_h, k_w, out_h, out_w, out_c;
    size_t top, bottom, left, right;
} tw__conv;

typedef struct tw__conv_kernels {
    /* Per image: y[oy][ox][oc] starts at bias[oc]; chain over (ky, kx, ic) ascending of
     * x[oy+ky][ox+kx][ic] * w[ky][kx][ic][oc] */
    void (*forward)(size_t rows, const tw__conv *c, const void *x, const void *w, const void *bias, void *y);
    /* dw[ky][kx][ic][oc], db[oc]: chain over images ascending; in an image over 2x2 windows of output
     * positions in raster order (ragged edges included as smaller windows), in a window raster order; a
     * position whose dy is exactly 0 is not added, and 0 is added to the end of the chain (a zero is +0, so
     * that adding the zeros of finite inputs would give the same bits). db: plain sums, likewise. */
    void (*weights)(size_t rows, const tw__conv *c, const void *x, const void *dy, tw__into into, void *dw,
                    void *db);
    /* dx[iy][ix][ic]: chain from 0 over the output positions that used it, oy ascending, ox ascending, then
     * oc ascending, of dy[oy][ox][oc] * w[iy-oy][ix-ox][ic][oc]; a dy that is exactly 0 is not added, 0 is
     * added at the end. dx is without the zeros around. `packed` holds packed(c) numbers, made by pack from
     * w once per point, `scratch` input_scratch(c). */
    size_t (*packed)(const tw__conv *c);
    void (*pack)(const tw__conv *c, const void *w, void *packed);
    size_t (*input_scratch)(const tw__conv *c);
    void (*input)(size_t rows, const tw__conv *c, const void *dy, const void *packed, void *dx,
                  void *scratch);
} tw__conv_kernels;

#endif
