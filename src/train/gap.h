/* What a generalised linear model's rows say of an optimum.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_GAP_H
#define TW_TRAIN_GAP_H
#include "base/context.h"
#include "base/cpu.h"
#include <thalweg/objective.h>

/* NULL, or why no gap can be computed. */
const char *tw__gap_missing(const tw_objective *o);
/* The duality gap at w, double, rounded to the objective's type: how far the loss there can be above the
 * least, and usually not much more. slopes: a point of the dual problem that a solver has, of all rows for
 * the first output, then for the next; NULL: those of the rows' losses at w. */
tw_status tw__gap(tw_context *ctx, const tw_objective *o, const double *w, const double *slopes, double *gap,
                  tw_error *err);
/* As tw_l1_max; for an objective that it takes. */
tw_status tw__l1_max(tw_context *ctx, const tw_objective *o, tw__fp_mode callers, double *l1, tw_error *err);
#endif
