/* A model split among processes, of which each has a slice (tw_objective.split), perhaps several times:
 *
 *     rank 0   slice 0 ─┐ the rows of copy 0         rank = copy * parts + part
 *     rank 1   slice 1 ─┘
 *     rank 2   slice 0 ─┐ the rows of copy 1
 *     rank 3   slice 1 ─┘
 *
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_SPLIT_H
#define TW_EXCHANGE_SPLIT_H
#include "exchange/protocol.h"

typedef struct tw__grid {
    size_t parts, copies;
} tw__grid;
/* TW_ERR_SPEC: so many processes do not make it up. */
tw_status tw__grid_of(const tw_exchange_choice *choice, size_t workers, tw__grid *out, tw_error *err);

/* What slices hear of each other within an evaluation, `user` of tw_ranks. x is set before the first one. */
typedef struct tw__rank {
    tw__workers *x;
    size_t me, first; /* workers: this one; the first of its copy */
} tw__rank;
tw_ranks tw__ranks_of(tw__rank *rank, const tw__grid *grid, size_t worker);
#endif
