/* Pooling.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_POOL_H
#define TW_MATH_KERNELS_POOL_H
#include <stddef.h>
#include <stdint.h>

/* Pooling windows of k_h x k_w side by side; a ragged edge of the input is not looked at: out_h = in_h /
 * k_h. */
typedef struct tw__pooling {
    size_t in_h, in_w, c, k_h, k_w, out_h, out_w;
} tw__pooling;

typedef struct tw__pool_kernels {
    /* Max pooling by a tournament in raster order with the new value second: m = x0; m = x1 > m || x1 is NaN
     * ? x1 : m; ... which[] (uint8_t, place of the winner in its window, raster) is stored when not NULL. */
    void (*forward)(size_t rows, const tw__pooling *p, const void *x, void *y, uint8_t *which);
    /* dx = dy at the winner, 0 elsewhere (also on the ragged edge) */
    void (*input)(size_t rows, const tw__pooling *p, const void *dy, const uint8_t *which, void *dx);

    /* y = plain sum over a window in raster order, divided by its places; dx = dy / places, 0 on the ragged
     * edge */
    void (*mean_forward)(size_t rows, const tw__pooling *p, const void *x, void *y);
    void (*mean_input)(size_t rows, const tw__pooling *p, const void *dy, void *dx);
} tw__pool_kernels;

#endif
