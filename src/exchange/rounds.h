/* Rounds of replicas: every worker makes so many steps, then all wait until the server has settled what they
 * have come to. Protocols differ in how it does that.
 *
 *     worker k    updates k, k + n, ...  |  ...                 |  ...
 *                        `every` of them  |  wait for the others  |
 *
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_ROUNDS_H
#define TW_EXCHANGE_ROUNDS_H
#include "exchange/replicas.h"

typedef struct tw__rounds tw__rounds;
struct tw__rounds {
    tw__replicas replicas;
    uint64_t every; /* 0: the rounds of the estimator, or if it has none one until the run ends */
    /* What the last round has come to. settle() changes it, and the run's weights follow. */
    void *centre;
    tw_status (*settle)(tw__workers *x, tw__rounds *r, tw_error *err);
    /* NULL: tw__replicas_step; steps a worker's weights with its gradient. */
    tw_status (*step)(tw__workers *x, tw__rounds *r, tw__worker *me, tw_error *err);
    /* The last round ends with the run, even if it is shorter; workers continue from the centre. */
    int ends_with_run, takes_centre;
    int moves_workers; /* settling steps the workers' weights, which are then sent, and not the centre */
    uint64_t *waiting; /* of each worker: whether it waits for the others */
    size_t arrived;
    void *more; /* the protocol's */
};

/* x->state, with one server; every, settle and so on are then the protocol's to set. */
tw_status tw__rounds_create(tw__workers *x, tw__rounds **out, tw_error *err);
void tw__rounds_free(tw__workers *x);
tw_status tw__rounds_next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err);
tw_status tw__rounds_computed(tw__workers *x, tw__worker *me, tw_error *err);
tw_status tw__rounds_receive(tw__workers *x, const tw__message *m, tw_error *err);
/* Between processes. */
void tw__rounds_content(tw__workers *x, const tw__message *m, tw__content *c);
tw_status tw__rounds_visit_worker(tw__workers *x, size_t worker, int whole, tw_visitor *v, tw_error *err);
/* The run is evaluated at the centre. */
tw_status tw__rounds_gather(tw__workers *x, tw_error *err);
tw_status tw__rounds_visit(tw__workers *x, tw_visitor *v, tw_error *err);
#endif
