/* The nodes that a worker's evaluation gives, kept for its protocol.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_COLLECT_H
#define TW_EXCHANGE_COLLECT_H
#include "exchange/exchange.h"
#include "exchange/protocol.h"

typedef struct tw__collector {
    tw__exchange base;
    tw__workers *x;
    size_t worker;
    size_t part, parts, joins_left; /* which leaves; joins that the evaluation still has */
    size_t whole;                   /* leaves of a full batch, by which parts are cut */
    tw__gradient *to;
} tw__collector;

void tw__collector_init(tw__collector *c);
/* Before an evaluation of this part of an update, with so many joins. */
void tw__collector_begin(tw__collector *c, size_t part, size_t parts, size_t joins, tw__gradient *to);
#endif
