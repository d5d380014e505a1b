/* A run from inside: made in run_create.c, stepped in run.c, judged in divergence.c, and kept in checkpoints
 * by run_visit.c.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_RUN_H
#define TW_TRAIN_RUN_H
#include "base/cpu.h"
#include "estimators/estimator.h"
#include "exchange/exchange.h"
#include "train/batch.h"
#include "train/controls/control.h"
#include "train/target.h"
#include <thalweg/train.h>

struct tw_run {
    tw_context *ctx;
    tw_objective train, check; /* check.eval NULL: none */
    tw_run_options o;
    tw__target target;
    void *w, *view; /* the caller's; the rule's view, made when needed */
    size_t size;
    tw__estimator *estimator;
    tw__exchange *exchange;
    tw__batch *batch;
    tw_optimizer *optimizer;
    tw__controls *controls;
    /* the mean, for controls that look at every step; else NULL */
    void *gradient;
    /* cursor: epochs done, updates done in this one, updates in all */
    uint64_t epoch, step, updates, steps_per_epoch;
    tw_sums sums;                            /* of this epoch */
    uint64_t skipped;                        /* updates of this epoch */
    uint64_t gradients;                      /* of one row each, in all */
    double update_loss;                      /* of the last update */
    double first_loss;                       /* of the first update that had a finite one; NaN: none yet */
    double epoch_lr, seconds, epoch_seconds; /* time before this call is counted in by visit */
    int status, failed;                      /* failed: by an error; no further steps */
    tw__fp_mode mode;                        /* the caller's, for its callbacks */
    const tw_draw *draw;                     /* of the update that is going on */
    tw_epoch *history;
    /* elsewhere: the first so many are not visited (history.h) */
    size_t n_history, capacity, elsewhere;
};
#endif
