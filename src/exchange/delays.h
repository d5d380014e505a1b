/* Measured delays of a run with several workers, from a file: a row for each update, of one column or one
 * for each worker. A delay is the number of updates between the weights that a gradient was taken at and
 * its step.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_DELAYS_H
#define TW_EXCHANGE_DELAYS_H
#include "base/context.h"

typedef struct tw__delays {
    size_t rows, columns;
    uint32_t *value; /* rows x columns */
    size_t capacity;
    uint32_t most;
    int last_stays; /* after the last row: it again, and not the first */
} tw__delays;

/* Starts as {0}; afterwards it is to be freed, also where this fails. TW_ERR_DATA with file and line: what
 * is no number, no whole one, negative or above the number of updates before it, and rows of other
 * lengths. */
tw_status tw__delays_read(tw__delays *d, tw_context *ctx, const char *path, tw_error *err);
/* Those of so many workers that take turns: 0, 1, 2, ... workers - 1, and so it stays. */
tw_status tw__delays_of_turns(tw__delays *d, tw_context *ctx, size_t workers, tw_error *err);
void tw__delays_free(tw__delays *d, tw_context *ctx);
/* Of an update, from 0 on. */
uint32_t tw__delay(const tw__delays *d, uint64_t update, size_t column);
#endif
