/* A data set of dense rows in memory.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_DENSE_DATA_H
#define TESTS_DENSE_DATA_H
#include <string.h>
#include <thalweg/data.h>

static inline tw_status dense_data(tw_data **out, tw_context *ctx, tw_type type, uint64_t rows, int rank,
                                   const int64_t *shape, const void *x, const int32_t *labels, tw_error *err)
{
    tw_data_info r = {.size = sizeof r, .rows = rows, .rank = rank, .type = type, .x = x, .labels = labels};
    memcpy(r.shape, shape, (size_t)rank * sizeof *shape);
    return tw_data_create(out, ctx, &r, err);
}
#endif
