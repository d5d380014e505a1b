/* What servers make of a gradient that was taken at weights of some updates ago: which are ignored, and the
 * rate of the others' steps.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_STALENESS_H
#define TW_EXCHANGE_STALENESS_H
#include "exchange/protocol.h"

/* In this order: the words of the option `rate`. */
enum tw__stale_rate { TW__FULL, TW__INVERSE, TW__ROOT, TW__WORKERS, TW__ADAPTIVE1, TW__ADAPTIVE2 };
#define TW__STALE_RATES "full inverse root workers adaptive1 adaptive2"

typedef struct tw__staleness {
    enum tw__stale_rate rate;
    uint64_t oldest; /* so old, or older: ignored; 0: none is */
    double alpha;
    double sum;    /* of the factors of all steps so far */
    double *given; /* what that was when each worker got its weights */
} tw__staleness;

/* Of one server, from the options oldest, rate and alpha. */
tw_status tw__staleness_create(tw__workers *x, tw__staleness *s, tw_error *err);
void tw__staleness_free(tw__workers *x, tw__staleness *s);
int tw__staleness_ignores(const tw__staleness *s, uint64_t staleness);
void tw__staleness_give(tw__staleness *s, size_t worker);
/* Steps with the mean gradient of a worker that is so stale, at its rate. at: where that was taken, NULL if
 * the rule does not look at that. */
tw_status tw__staleness_step(tw__workers *x, tw__staleness *s, tw__stepper *stepper, size_t worker,
                             const tw__sum *mean, const void *at, uint64_t staleness, tw_error *err);
/* v: of the server */
tw_status tw__staleness_visit(const tw__workers *x, tw__staleness *s, tw_visitor *v, tw_error *err);
#endif
