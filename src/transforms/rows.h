/* Loops over the rows of a struct matrix, in the order in which it lies in memory. Each row's sum runs over
 * its columns in rising order, so its bits do not depend on how the matrix is stored.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRANSFORMS_ROWS_H
#define TW_TRANSFORMS_ROWS_H
#include <stddef.h>

/* `what` for every element: its row is i, its place in d and w is `at`. */
#define TW_EACH(what)                                                                      \
    do {                                                                                   \
        const int tw__along = x->right == 1;                                               \
        const size_t tw__outer = tw__along ? x->rows : x->columns,                         \
                     tw__inner = tw__along ? x->columns : x->rows;                         \
        for (size_t tw__a = 0; tw__a < tw__outer; tw__a++)                                 \
            for (size_t tw__b = 0; tw__b < tw__inner; tw__b++) {                           \
                const size_t i = tw__along ? tw__a : tw__b, j = tw__along ? tw__b : tw__a, \
                             at = i * x->down + j * x->right;                              \
                what;                                                                      \
            }                                                                              \
    } while (0)
/* sum[i], a double, becomes the sum of `term` over row i. */
#define TW_ROW_SUMS(sum, term)                                             \
    do {                                                                   \
        for (size_t tw__i = 0; tw__i < x->rows; tw__i++) (sum)[tw__i] = 0; \
        TW_EACH((sum)[i] += (term));                                       \
    } while (0)
#endif
