/* The curves of a race: median and quartiles over an optimiser's runs while they go.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_REPORT_MEDIANS_H
#define TW_RACE_REPORT_MEDIANS_H
#include "race/render.h"

/* PASSES: gradients divided by the training rows */
enum tw__axis { TW__BY_EPOCHS, TW__BY_PASSES, TW__BY_STEPS, TW__BY_GRADIENTS, TW__BY_SECONDS, TW__AXES };

/* Where the runs were, and what they had reached there. */
typedef struct tw__moment {
    double at[TW__AXES];
    tw__spread y;
} tw__moment;
typedef struct tw__curve {
    tw__moment *points;
    size_t n, capacity;
} tw__curve;

/* measure: a loss or an accuracy, or on a surface TW__VALUE. A point is the i-th of every run: an epoch, a
 * piece of the training loss's trace, a step of a path. Runs that diverged count only where all did; a curve
 * continues as long as half of its runs do, and those that have reached the target stay where they ended. It
 * has no points where there is nothing to tell. */
tw_status tw__curve_make(tw__curve *out, const tw_race *race, const tw__entry *entry,
                         enum tw__measure measure, tw_error *err);
void tw__curve_free(tw_context *ctx, tw__curve *curve);
#endif
