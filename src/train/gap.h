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
/* A number of a row as a model with weights of this type takes it. */
static inline double tw__row_number(const tw_glm *glm, tw_type weights, const tw_row *r, size_t i)
{
    if (glm->row_type == TW_F64) {
        const double x = ((const double *)r->x)[i];
        return weights == TW_F64 ? x : (double)(float)x;
    }
    if (glm->row_type == TW_F32) return (double)((const float *)r->x)[i];
    const uint8_t x = ((const uint8_t *)r->x)[i];
    return weights == TW_F64 ? x / 255.0 : (double)((float)x / 255);
}
#endif
