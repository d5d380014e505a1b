/* The gradient of an update whose leaves several workers have evaluated: nodes of the batch tree, each at
 * its first leaf, added up as the tree says.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_MERGE_H
#define TW_EXCHANGE_MERGE_H
#include "exchange/protocol.h"

/* The nodes in their places, and what adding takes beside the workers' memory: copies of lists that have no
 * room to be added to, and vectors for lists that are added to some. Starts as {0}. */
typedef struct tw__merge {
    tw__gradient whole; /* node[i] begins at leaf i */
    int has[TW_MOST_LEAVES], is_spread[TW_MOST_LEAVES];
    tw_sparse_sum list[TW_MOST_LEAVES];
    void *spread[TW_MOST_LEAVES];
} tw__merge;

void tw__merge_free(tw__merge *m, const tw__workers *x);
/* Adds up the gradients of all workers, which changes them: *whole is that of the update, valid until
 * the next one. */
tw_status tw__merge_all(tw__merge *m, tw__workers *x, tw__gradient **whole, tw_error *err);
/* The same in parts: lists are added up after this, of vectors each range is still to be. */
tw_status tw__merge_begin(tw__merge *m, tw__workers *x, tw__gradient **whole, tw_error *err);
/* Ranges that do not overlap may be added up at the same time. */
void tw__merge_range(const tw__merge *m, const tw__workers *x, size_t lo, size_t hi);
#endif
