/* Rows of a matrix that stand in frames: `frame` of them together, and the next ones begin `step` numbers
 * further on.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_ROWS_H
#define TW_MATH_KERNELS_ROWS_H
#include <stddef.h>

typedef struct tw__rows {
    size_t n, frame, step;
} tw__rows;

/* Part i of `of`, from 0 on, that something is cut into. */
typedef struct tw__part {
    size_t i, of;
} tw__part;
#define TW__WHOLE ((tw__part){0, 1})

/* n rows together */
static inline tw__rows tw__rows_together(size_t n) { return (tw__rows){n, n, 0}; }
#endif
