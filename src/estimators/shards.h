/* An order of rows in which each worker needs a part of the data alone, a shard of neighbours, which is
 * shuffled (windows.h).
 *
 * Workers that share every update: what comes at the places of part k of a batch (tw__part_begin) is of shard
 * k, which has as many rows as come at these places in an epoch. All rows come once. One shard is the common
 * shuffle.
 * Workers that have updates of their own, worker k those of number k, k + n, ...: shards are of one size, but
 * for a row, and the batches of update k are of shard k, through which worker k goes again and again.
 * SPDX-License-Identifier: MIT */
#ifndef TW_ESTIMATORS_SHARDS_H
#define TW_ESTIMATORS_SHARDS_H
#include "estimators/windows.h"

typedef struct tw__shards {
    tw_context *ctx;
    uint64_t seed, rows, batch, window; /* batch: places of a full one */
    size_t n;
    int is_even; /* updates are one worker's each */
    tw__windows *shard;
    uint64_t *drawn; /* of several shards: the rows of a batch */
} tw__shards;

/* n: from 1; window: as in tw__windows_create; at least one row. TW_ERR_SPEC: batches have no leaf for some
 * shard. */
tw_status tw__shards_create(tw__shards *s, tw_context *ctx, uint64_t seed, uint64_t rows, uint64_t batch,
                            uint64_t window, size_t n, tw_error *err);
void tw__shards_free(tw__shards *s);
/* From now on updates are one worker's each. */
tw_status tw__shards_even(tw__shards *s, tw_error *err);
/* The rows of update `step` of `epoch`, both from 0, with `steps` in an epoch; *n of them, valid until the
 * next draw. */
const uint64_t *tw__shards_draw(tw__shards *s, uint64_t epoch, uint64_t step, uint64_t steps, size_t *n);
#endif
