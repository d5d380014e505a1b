/* Rows of a matrix that stand in frames.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_ROWS_H
#define TW_MATH_KERNELS_ROWS_H
#include <stddef.h>

/* n rows, `leaf` in each leaf of the batch tree but for the last one, which may have fewer. A leaf's rows
 * stand in frames of `frame` together, the last of which may have fewer; a frame begins `step` numbers after
 * the one before. */
typedef struct tw__rows {
    size_t n, leaf, frame, step;
} tw__rows;

/* Part i of `of`, from 0 on, that something is cut into. */
typedef struct tw__part {
    size_t i, of;
} tw__part;
#define TW__WHOLE ((tw__part){0, 1})

/* n rows of one leaf together */
static inline tw__rows tw__rows_together(size_t n) { return (tw__rows){n, n, n, 0}; }

/* How many of a leaf's rows, or of a frame's, there are from row `first` on. */
static inline size_t tw__rows_of_leaf(const tw__rows *r, size_t first)
{
    return r->n - first < r->leaf ? r->n - first : r->leaf;
}
static inline size_t tw__rows_of_frame(const tw__rows *r, size_t left_of_leaf)
{
    return left_of_leaf < r->frame ? left_of_leaf : r->frame;
}
#endif
