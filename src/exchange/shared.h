/* What protocols have in common whose workers step the same weights in shared memory: each reads the weights
 * that its rows touch, evaluates them at what it has read, and steps these weights alone.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_SHARED_H
#define TW_EXCHANGE_SHARED_H
#include "exchange/protocol.h"

/* For a protocol's create: a step overwrites what is there by then, and nothing is locked. */
tw_status tw__shared_create(tw__workers *x, tw_error *err);
/* Likewise. adds: a step adds its change to what is there by then. lock: weights of which each run has a
 * lock, held by who steps them; 0: there are none. */
tw_status tw__shared_create_with(tw__workers *x, int adds, size_t lock, tw_error *err);

/* The other functions of such a protocol. */
void tw__shared_free(tw__workers *x);
tw_status tw__shared_next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err);
tw_status tw__shared_fetch(tw__workers *x, tw__worker *me, size_t n, const uint32_t *index, tw_error *err);
tw_status tw__shared_computed(tw__workers *x, tw__worker *me, tw_error *err);
tw_status tw__shared_receive(tw__workers *x, const tw__message *m, tw_error *err);
tw_status tw__shared_visit(tw__workers *x, tw_visitor *v, tw_error *err);

#define TW__SHARED                                                                             \
    .free = tw__shared_free, .next = tw__shared_next, .fetch = tw__shared_fetch,               \
    .computed = tw__shared_computed, .receive = tw__shared_receive, .visit = tw__shared_visit, \
    .takes_rounds = 1
#endif
