/* The processes of a run with a solver: rank 0 requests sums over all rows, of which each has some.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_RUN_RING_H
#define TW_TRAIN_RUN_RING_H
#include "train/run.h"

/* TW_ERR_SPEC: the exchange is none that a solver can have. */
tw_status tw__run_check_ring(const tw_run_options *o, tw_error *err);
/* r->ring, if there are several processes. */
tw_status tw__run_make_ring(tw_run *r, tw_error *err);

/* What rank 0 requests, in the words of tw__problem. */
enum tw__sum_of { TW__SUM_OF_LOSSES, TW__SUM_OF_MATRIX, TW__SUM_OF_DIAGONAL, TW__SUM_OF_PRODUCTS };
/* Tells the others, if this is rank 0 of several: at the point, or with the vector, x. */
tw_status tw__run_request(const tw_run *r, enum tw__sum_of what, unsigned detail, const double *x,
                          tw_error *err);
/* The others: does what is requested until there is nothing more. */
tw_status tw__run_serve(tw_run *r, tw_error *err);
void tw__run_ring_info(const tw_run *r, tw_exchange_info *out);
#endif
