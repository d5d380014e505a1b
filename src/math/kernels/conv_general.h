/* Convolutions with strides, dilation, groups and zeros around the image.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_CONV_GENERAL_H
#define TW_MATH_KERNELS_CONV_GENERAL_H
#include <stddef.h>
#include "math/kernels/into.h"

/* Output position (oy, ox) sees the pixels (oy * stride + ky * dilation - top, ox * stride + kx * dilation -
 * left), of which those outside of the image are 0. Output channel oc belongs to group oc / (out_c / groups)
 * and sees that group's in_c / groups channels. Weights [k_h][k_w][in_c / groups][out_c]. */
typedef struct tw__conv_general {
    size_t in_h, in_w, in_c, k_h, k_w, out_h, out_w, out_c, stride, dilation, groups, top, left;
} tw__conv_general;

typedef struct tw__conv_general_kernels {
    size_t (*scratch)(const tw__conv_general *c); /* numbers */
    /* Per image: y[oy][ox][oc] starts at bias[oc]; chain over (ky, kx, ic) ascending of pixel times weight */
    void (*forward)(size_t rows, const tw__conv_general *c, const void *x, const void *w, const void *bias,
                    void *y, void *scratch);
    /* dw[ky][kx][ic][oc]: chain over images, in an image over the output positions in raster order, of pixel
     * times dy. db[oc]: plain sum in the same order. */
    void (*weights)(size_t rows, const tw__conv_general *c, const void *x, const void *dy, tw__into into,
                    void *dw, void *db, void *scratch);
    /* dx[iy][ix][ic]: plain sum, group by group, over the output positions in raster order that used it, of
     * the chain over the group's oc ascending of dy times weight */
    void (*input)(size_t rows, const tw__conv_general *c, const void *dy, const void *w, void *dx,
                  void *scratch);
} tw__conv_general_kernels;

#endif
