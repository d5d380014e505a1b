/* Reading the rows of a generalised linear model (tw_glm.row), whatever type their numbers are stored in.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_ROW_H
#define TW_MODELS_ROW_H
#include <thalweg/objective.h>

/* Number i of a row of stored numbers as a model with weights of this type takes it: bytes as 0 .. 1. */
static inline double tw__row_number(tw_type stored, tw_type weights, const tw_row *r, size_t i)
{
    if (stored == TW_F64) {
        const double x = ((const double *)r->x)[i];
        return weights == TW_F64 ? x : (double)(float)x;
    }
    if (stored == TW_F32) return (double)((const float *)r->x)[i];
    const uint8_t x = ((const uint8_t *)r->x)[i];
    return weights == TW_F64 ? x / 255.0 : (double)((float)x / 255);
}
#endif
