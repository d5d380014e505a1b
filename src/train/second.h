/* Second derivatives of an objective at a point: the Hessian, or its products with vectors, as means over all
 * rows. The batch tree adds them as if their numbers were the weights of an objective of doubles.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_SECOND_H
#define TW_TRAIN_SECOND_H
#include "train/ring_batch.h"

typedef struct tw__second tw__second;

/* Of this objective, which has `hessian` or `hessian_times` and outlives it, over rows 0 .. n_rows - 1. ring:
 * of processes that share them, and all make the same calls; what comes out is rank 0's; or NULL. */
tw_status tw__second_create(tw__second **out, tw_context *ctx, const tw_objective *of, const uint64_t *rows,
                            tw__ring *ring, tw_error *err);
void tw__second_free(tw__second *s); /* NULL is fine */

/* Of each block row i up to column i. */
tw_status tw__second_matrix(tw__second *s, const void *w, tw__fp_mode callers, double *to, tw_error *err);
/* The Hessian's diagonal, and the point of the products that follow. */
tw_status tw__second_diagonal(tw__second *s, const void *w, tw__fp_mode callers, double *to, tw_error *err);
tw_status tw__second_times(tw__second *s, const void *w, const double *v, tw__fp_mode callers, double *to,
                           tw_error *err);
#endif
