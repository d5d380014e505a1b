/* Gradients that are added up until they make one step: ps:gather=B, downpour.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_GATHER_H
#define TW_EXCHANGE_GATHER_H
#include "exchange/protocol.h"

/* Starts as {0}. A list is in one of two places, and grows into the other. */
typedef struct tw__gathered {
    uint64_t n; /* gradients in it */
    tw__sum sum;
    tw_sparse_sum list[2];
} tw__gathered;

void tw__gathered_free(tw__workers *x, tw__gathered *g);
tw_status tw__gathered_add(tw__workers *x, tw__gathered *g, const tw__sum *mean, tw_error *err);
/* The mean of those that it has, which it then has no more; valid until the next is added. */
const tw__sum *tw__gathered_mean(const tw__workers *x, tw__gathered *g);
tw_status tw__gathered_visit(tw__workers *x, tw__gathered *g, tw_visitor *v, tw_error *err);
#endif
