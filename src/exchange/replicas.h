/* Workers with weights and an optimiser of their own: their steps, and the mean of where they have got to.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_REPLICAS_H
#define TW_EXCHANGE_REPLICAS_H
#include "exchange/protocol.h"

/* Starts as {0}. */
typedef struct tw__replicas {
    tw__stepper *stepper; /* of each worker; with one worker it is the run's optimiser */
    /* NULL without tw__replicas_make_means */
    uint64_t *rows; /* that each has stepped with since this was last set to 0 */
    double *share;  /* of each in a mean */
    void *way;      /* tw__replicas_way */
} tw__replicas;

/* Gives every worker the run's weights. */
tw_status tw__replicas_create(tw__workers *x, tw__replicas *r, tw_error *err);
void tw__replicas_free(tw__workers *x, tw__replicas *r);
/* For those whose workers' weights are averaged: makes what tw__replicas_way and its like need. */
tw_status tw__replicas_make_means(tw__workers *x, tw__replicas *r, tw_error *err);
/* The update that a worker makes after so many: k, k + n, k + 2n, ... are worker k's. */
uint64_t tw__replicas_update(const tw__workers *x, const tw__worker *me, uint64_t clock);
/* Steps a worker's weights with its gradient, and counts the update. */
tw_status tw__replicas_step(tw__workers *x, tw__replicas *r, tw__worker *me, tw_error *err);
/* Likewise with another mean gradient. */
tw_status tw__replicas_step_by(tw__workers *x, tw__replicas *r, tw__worker *me, const tw__sum *mean,
                               tw_error *err);
/* The share of each worker: as much as its rows, 0 if there are none; or all the same. */
void tw__replicas_share(const tw__workers *x, tw__replicas *r, int by_rows);
/* r->way = the mean of from - w over the workers' weights w, by their shares, added up in the batch tree over
 * their numbers; from NULL: of their ways, which they have pushed. */
void tw__replicas_way(tw__workers *x, tw__replicas *r, const void *from);
/* r->way = (from - w) share, of one worker's weights w; from NULL: of its way, likewise. */
void tw__replicas_way_of(const tw__workers *x, tw__replicas *r, size_t worker, const void *from,
                         double share);
/* With a codec: a worker sends its way, from - w, which takes the place of its weights until it begins anew;
 * and at the server, in another process, gets there from what was sent. */
tw_status tw__replicas_push_way(tw__workers *x, tw__worker *me, const void *from, tw_error *err);
void tw__replicas_take_way(const tw__workers *x, tw__worker *of);
/* to = from - by r->way, of the numbers first .. first + n - 1 */
void tw__replicas_go(const tw__workers *x, const tw__replicas *r, const void *from, void *to, double by,
                     size_t first, size_t n);
tw_status tw__replicas_visit(tw__workers *x, tw__replicas *r, tw_visitor *v, tw_error *err);
#endif
