/* The training loss of a run while it goes, finer than its epochs: for curves only.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_LOSS_TRACE_H
#define TW_TRAIN_LOSS_TRACE_H
#include "base/context.h"
#include <thalweg/train.h>

/* The mean loss of the rows since the point before. */
typedef struct tw__point {
    uint64_t step, gradients;
    double seconds, loss;
} tw__point;

typedef struct tw__loss_trace {
    tw__point *points;
    size_t n, capacity;
    /* steps of an epoch between two points; its last step has one in any case, and the run's. 0: no points */
    uint64_t every;
    uint64_t step; /* done in this epoch */
    /* running mean of this epoch, and the weight of its rows */
    double loss, weight;
    double last_sum, last_weight; /* of this epoch up to the last point */
} tw__loss_trace;

/* The `every` for at most so many points an epoch, of which the last is over half as many rows as the others
 * at the least. */
uint64_t tw__loss_trace_every(uint64_t steps_per_epoch, uint64_t most);
/* Takes note of an event of the run; after the step that it is of, a point is added if one is due. */
void tw__loss_trace_event(tw__loss_trace *trace, const tw_event *e);
/* Steps that may be made until a point is due. */
uint64_t tw__loss_trace_left(const tw__loss_trace *trace, const tw_run *run);
tw_status tw__loss_trace_step(tw__loss_trace *trace, tw_context *ctx, const tw_run *run, tw_error *err);
/* As part of a checkpoint, which must be the same run's. */
tw_status tw__loss_trace_visit(tw__loss_trace *trace, tw_context *ctx, tw_visitor *v, tw_error *err);
void tw__loss_trace_free(tw__loss_trace *trace, tw_context *ctx);
#endif
