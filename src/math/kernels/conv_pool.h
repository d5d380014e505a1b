/* A convolution, relu and 2x2 pooling in one go.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_CONV_POOL_H
#define TW_MATH_KERNELS_CONV_POOL_H
#include "math/kernels/conv.h"
#include "math/kernels/norm.h"
#include "math/kernels/pool.h"

typedef struct tw__conv_pool_kernels {
    /* A convolution, relu and 2x2 pooling (p->k_h == p->k_w == 2) in one go, the same bits as conv_forward,
     * relu_forward and pool_forward: y holds the pooled outputs, and bits (NULL: not wanted) which position
     * won and whether it was above 0, in bits(c, p) bytes per image; with `norm` (NULL: none) what the
     * convolution makes is normalised before relu, as by columns_forward, and bits are not wanted.  The
     * gradient of the weights comes from dy, the gradient of y, in the same bits as by pool_input, relu_input
     * and conv_weights; that of x likewise as by conv_input. `scratch` holds scratch(c) numbers. */
    size_t (*bits)(const tw__conv *c, const tw__pooling *p);
    void (*forward)(size_t rows, const tw__conv *c, const tw__pooling *p, const void *x, const void *w,
                    const void *bias, const tw__normalised *norm, void *y, void *bits);
    size_t (*scratch)(const tw__conv *c);
    void (*weights)(size_t rows, const tw__conv *c, const tw__pooling *p, const void *x, const void *dy,
                    const void *bits, tw__into into, void *dw, void *db, void *scratch);
    void (*input)(size_t rows, const tw__conv *c, const tw__pooling *p, const void *dy, const void *bits,
                  const void *packed, void *dx, void *scratch);
} tw__conv_pool_kernels;

#endif
