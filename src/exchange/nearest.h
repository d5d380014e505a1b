/* The mean of replicas, or of those that are nearest to where the last round began.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_NEAREST_H
#define TW_EXCHANGE_NEAREST_H
#include "exchange/rounds.h"

/* Rounds that end in a mean, from which all continue: settle and the protocol's state are set. nearest: so
 * many of the workers are in it, each of which counts as much as its rows do, or, by_rows 0, as any other; 0:
 * all by their rows. */
tw_status tw__nearest_create(tw__workers *x, tw__rounds **out, size_t nearest, int by_rows, tw_error *err);
void tw__nearest_free(tw__workers *x);
/* The mean of this moment, of which the workers do not know. */
tw_status tw__nearest_gather(tw__workers *x, tw_error *err);
#endif
