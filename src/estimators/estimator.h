/* What an estimator is: it decides which rows an update looks at. One file per estimator, one line in list.h.
 * SPDX-License-Identifier: MIT */
#ifndef TW_ESTIMATORS_ESTIMATOR_H
#define TW_ESTIMATORS_ESTIMATOR_H
#include "base/context.h"
#include <thalweg/visitor.h>

typedef struct tw__estimator tw__estimator;

typedef struct tw__estimator_type {
    const char *name, *help;
    int takes_batch;                                    /* a batch size means something */
    uint64_t (*batch)(uint64_t rows, uint64_t wanted);  /* rows per update */
    int shuffles;                                       /* a new order every epoch; else the data's own */
} tw__estimator_type;

struct tw__estimator {
    const tw__estimator_type *type;
    tw_context *ctx;
    uint64_t n_rows, batch, seed;
    uint64_t asked;                                     /* the batch as asked for or by default; 0 where it means nothing */
    uint64_t *order, drawn_epoch;                       /* the rows in the order of this epoch (counted from 1) */
};

/* wanted: the batch asked for, 0 for the default of 32. A spec that does not exist or a batch without meaning: TW_ERR_SPEC. */
tw_status tw__estimator_create(tw__estimator **out, tw_context *ctx, const char *spec, uint64_t n_rows, uint64_t wanted, uint64_t seed, tw_error *err);
void tw__estimator_free(tw__estimator *e);
uint64_t tw__estimator_steps(const tw__estimator *e);   /* updates per epoch, at least 1 */
/* The rows of update `step` of `epoch` (both from 0), valid until the next draw. A pure function of seed, epoch and step. */
void tw__estimator_draw(tw__estimator *e, uint64_t epoch, uint64_t step, const uint64_t **rows, size_t *n);
#endif
