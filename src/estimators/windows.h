/* The order of an epoch, as far as it is needed at a time: rows are shuffled within windows of neighbouring
 * rows, and the windows among each other. One window of all rows is the common shuffle.
 * SPDX-License-Identifier: MIT */
#ifndef TW_ESTIMATORS_WINDOWS_H
#define TW_ESTIMATORS_WINDOWS_H
#include "base/context.h"

typedef struct tw__windows {
    tw_context *ctx;
    /* the first row; rows; rows of a window, of which the last may have fewer; windows */
    uint64_t seed, first, rows, each, n;
    uint64_t *slots;           /* the windows in this epoch's order */
    uint64_t last_slot;        /* of the last window */
    uint64_t *order;           /* the rows of one window */
    uint64_t held_epoch, held; /* which window that is: epochs count from 1, and slots from 0 */
    uint64_t *spare, n_spare;  /* rows of several windows */
} tw__windows;

/* Of rows first .. first + rows - 1, for draws of up to `most`; each = 0, or as many as there are rows: one
 * window. */
tw_status tw__windows_create(tw__windows *w, tw_context *ctx, uint64_t seed, uint64_t first, uint64_t rows,
                             uint64_t each, uint64_t most, tw_error *err);
void tw__windows_free(tw__windows *w);
/* Places first .. first + n - 1 of the order of an epoch (from 0), valid until the next draw. They follow
 * from seed, epoch and first alone. */
const uint64_t *tw__windows_draw(tw__windows *w, uint64_t epoch, uint64_t first, uint64_t n);
#endif
