/* The sum over a batch whose leaves several processes share, each those of its rank.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_RING_BATCH_H
#define TW_TRAIN_RING_BATCH_H
#include "exchange/ring.h"
#include "train/batch.h"

/* As tw__batch_sum on no draw, of a batch of this objective. `to` and *sums are rank 0's. ring NULL: there is
 * one process. */
tw_status tw__ring_batch_sum(tw__ring *ring, tw__batch *b, const tw_objective *o, const void *w,
                             const uint64_t *rows, size_t n, tw__fp_mode callers, void *to, tw_sums *sums,
                             tw_error *err);
#endif
