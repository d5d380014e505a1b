/* The two things that a linear model does with a row x, dense or sparse, with the same bits for the same
 * numbers. Numbers of a row are first converted to the type of the weights; u8 are divided by 255.
 *
 *   dot   8 lanes, in double from 0: the product for column j is added to lane j % 8, j ascending; lanes j
 *     and
 *     j + 4 are added, then j and j + 2, then 0 and 1. No fma.
 *   add   g[j] += s x[j], in the type of the weights
 *
 * A column that a sparse row lacks is 0, and adding the product of a 0 changes nothing but the sign of a
 * zero: dot adds 0 to each lane at its end, and the gradient's last step adds 0 (docs/design/0004).
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_LINEAR_ROWS_H
#define TW_MODELS_LINEAR_ROWS_H
#include <thalweg/context.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tw__rows {
    /* columns NULL: dense, n numbers; else n numbers in these columns */
    double (*dot)(const void *w, const void *x, const uint32_t *columns, size_t n);
    void (*add)(void *g, double s, const void *x, const uint32_t *columns, size_t n);
} tw__rows;

/* For weights (f32, f64) and rows (u8, f32, f64) of these types. */
const tw__rows *tw__rows_for(tw_type weights, tw_type rows, tw_isa isa);
#endif
