/* A gradient as a list, from a vector in which its sums were made.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_LIST_TAKE_H
#define TW_MODELS_LIST_TAKE_H
#include <thalweg/objective.h>

/* Moves the numbers at the list's indices out of the vector, which has 0 there afterwards; -0 becomes 0. */
static inline void tw__list_take(tw_sparse_sum *to, tw_type type, void *vector)
{
    for (size_t i = 0; i < to->n; i++)
        if (type == TW_F64) {
            ((double *)to->value)[i] = ((double *)vector)[to->index[i]] + 0;
            ((double *)vector)[to->index[i]] = 0;
        } else {
            ((float *)to->value)[i] = ((float *)vector)[to->index[i]] + 0;
            ((float *)vector)[to->index[i]] = 0;
        }
}
#endif
