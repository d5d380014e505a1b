/* The norms of a network's tensors while it trains, at no more than about 120 steps: for the run's page only.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_NORM_TRACE_H
#define TW_TRAIN_NORM_TRACE_H
#include "base/context.h"
#include <thalweg/train.h>

typedef struct tw__norm_trace {
    size_t n_tensors;
    uint64_t every; /* updates between two points; 0: no points */
    /* of each point the step, then of each tensor the norms of weights and gradient */
    double *numbers;
    size_t n, capacity; /* numbers */
    /* of each tensor's gradient at the step that a checkpoint was written after; NULL: none was read */
    double *read;
} tw__norm_trace;

/* Models of a layer or two have none: nothing vanishes on the way through them. */
void tw__norm_trace_begin(tw__norm_trace *trace, const tw_run *run);
/* After a step. */
tw_status tw__norm_trace_step(tw__norm_trace *trace, tw_context *ctx, const tw_run *run, tw_error *err);
/* As part of a checkpoint, which must be the same run's. */
tw_status tw__norm_trace_visit(tw__norm_trace *trace, tw_context *ctx, const tw_run *run, tw_visitor *v,
                               tw_error *err);
/* Of a tensor after the last step, which may be one before the checkpoint that the run continues from. NaN:
 * no gradient is known. */
tw_status tw__norm_trace_last(const tw__norm_trace *trace, const tw_run *run, size_t tensor, tw_norms *to,
                              tw_error *err);
void tw__norm_trace_free(tw__norm_trace *trace, tw_context *ctx);

/* Points, and their places: the step, and the norms of all tensors then. */
size_t tw__norm_trace_points(const tw__norm_trace *trace);
double tw__norm_trace_at(const tw__norm_trace *trace, size_t point);
tw_norms tw__norm_trace_of(const tw__norm_trace *trace, size_t point, size_t tensor);
#endif
