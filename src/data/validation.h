/* Which rows of a file are kept for validation.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_VALIDATION_H
#define TW_DATA_VALIDATION_H
#include "data/data.h"

/* Draws about a share of the rows of a block that has no views yet, of each class as much, and whole groups
 * where rows have groups, and moves them to its end: *rows of them. A pure function of rows and seed. */
tw_status tw__validation_last(tw__block *block, double share, uint64_t seed, uint64_t *rows, tw_error *err);
#endif
