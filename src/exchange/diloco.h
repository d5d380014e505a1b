/* diloco from inside: the outer step, and rounds without waiting.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_DILOCO_H
#define TW_EXCHANGE_DILOCO_H
#include "exchange/rounds.h"

/* How much of a worker's way is the outer gradient, with n workers. */
enum tw__diloco_weight {
    TW__WEIGHT_SQRT,  /* 1/sqrt(n) */
    TW__WEIGHT_STALE, /* likewise, divided by sqrt(1 + staleness) */
    TW__WEIGHT_MEAN,  /* 1/n */
    TW__WEIGHT_FULL   /* 1 */
};

/* A worker's round: updates `shard` + n k for the `steps` numbers k from `first` on, of which `made` are
 * made, begun when so many rounds had arrived. */
typedef struct tw__diloco_round {
    uint64_t shard, first, steps, made, version;
} tw__diloco_round;

enum { TW__DILOCO_LEVELS = 20 };

/* Rounds without waiting. */
typedef struct tw__diloco_async {
    enum tw__diloco_weight weight;
    double grace;
    uint64_t buffer;
    int is_paced;
    tw__diloco_round *round; /* of each worker */
    void **begin;            /* where it began */
    double *seconds;         /* of one of its evaluations; 0: not known yet */
    uint64_t *next;          /* of each shard: what its next round begins with */
    uint64_t version;        /* rounds that have arrived */
    int is_waiting;          /* for those that arrive soon after another */
    uint64_t gathered;       /* since the last outer step */
    void *level[TW__DILOCO_LEVELS];
    void *settled; /* preview: the centre of the last outer step; NULL: it has not moved since */
} tw__diloco_async;

/* rounds.more */
typedef struct tw__diloco {
    tw__stepper outer;
    int is_sync;
    tw__diloco_async async;
} tw__diloco;

/* Steps the centre with rounds.replicas.way. */
tw_status tw__diloco_step(tw__workers *x, tw__rounds *r, tw_error *err);

tw_status tw__diloco_async_create(tw__workers *x, tw__rounds *r, tw_error *err);
void tw__diloco_async_free(tw__workers *x, tw__diloco_async *a);
tw_status tw__diloco_async_next(tw__workers *x, tw__worker *me, enum tw__act *act, tw_error *err);
tw_status tw__diloco_async_computed(tw__workers *x, tw__worker *me, tw_error *err);
tw_status tw__diloco_async_receive(tw__workers *x, const tw__message *m, tw_error *err);
tw_status tw__diloco_async_visit(tw__workers *x, tw_visitor *v, tw_error *err);
#endif
