/* The gradient of an update whose leaves several workers have evaluated: nodes of the batch tree, each at
 * its first leaf, added up as the tree says.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_MERGE_H
#define TW_EXCHANGE_MERGE_H
#include "exchange/protocol.h"

/* What that takes beside the workers' memory: copies of lists that have no room to be added to, and
 * vectors for lists that are added to some. Starts as {0}. */
typedef struct tw__merge {
    tw_sparse_sum list[TW_MOST_LEAVES];
    void *spread[TW_MOST_LEAVES];
} tw__merge;

void tw__merge_free(tw__merge *m, const tw__workers *x);
/* Adds up the gradients of all workers, which changes them: worker 0's becomes that of the whole update. */
tw_status tw__merge_all(tw__merge *m, tw__workers *x, tw_error *err);
#endif
