/* Mean and deviation of the columns of rows.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_MOMENTS_H
#define TW_MODELS_MOMENTS_H
#include <thalweg/data.h>
#include "base/error.h"

/* Number i of what the rows hold, as it is stored. */
static inline double tw__stored_number(const tw_data_info *d, uint64_t i)
{
    return d->type == TW_F64   ? ((const double *)d->x)[i]
           : d->type == TW_F32 ? (double)((const float *)d->x)[i]
                               : ((const uint8_t *)d->x)[i];
}

/* Of each of n columns, over the rows by their weights; number i of a dense row, which has `width`, is of
 * column i % n. A column that never changes has the deviation 0. */
tw_status tw__column_moments(tw_context *ctx, const tw_data_info *rows, size_t width, size_t n, double *mean,
                             double *deviation, tw_error *err);
#endif
