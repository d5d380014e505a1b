/* Where the sum over a batch goes when it leaves the batch tree:
 *
 *     begin; evaluate my leaves; bucket for each node of the batch tree; reduce the losses; end
 *
 * local.c steps with it; collect.c keeps it for a worker, whose protocol (protocol.h) says what becomes of
 * it.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_EXCHANGE_H
#define TW_EXCHANGE_EXCHANGE_H
#include "exchange/sum.h"

typedef struct tw__exchange tw__exchange;
typedef struct tw__exchange_type {
    void (*free)(tw__exchange *x);
    /* Which leaves [*lo, *hi) of this update's batch are mine; may wait. */
    tw_status (*begin)(tw__exchange *x, uint64_t clock, size_t leaves, size_t *lo, size_t *hi, tw_error *err);
    /* The summed gradient of the tree's node over leaves first .. first+n-1; nodes in rising order, all of
     * them lists or none. What `sum` points to is valid until end() and may be changed; its list has room for
     * all that the update's lists hold. */
    tw_status (*bucket)(tw__exchange *x, size_t first_leaf, size_t n_leaves, const tw__sum *sum,
                        tw_error *err);
    /* n sums per leaf of all leaves, mine filled in: adds them up in the tree into sums[0 .. n-1]. */
    tw_status (*reduce)(tw__exchange *x, double *sums, size_t leaves, size_t n, tw_error *err);
    /* Steps what is mine with the mean gradient: the whole sum / weight. The weights are valid afterwards. */
    tw_status (*end)(tw__exchange *x, tw_optimizer *opt, void *w, double weight, tw_error *err);
    /* The mean gradient of the last end(), valid until the next begin(); NULL: there was none. */
    const tw__sum *(*mean)(const tw__exchange *x);
} tw__exchange_type;

struct tw__exchange {
    const tw__exchange_type *type;
    /* whether end() may step with a list as it is; set by the loop */
    int steps_lists;
};

/* local.c */
tw_status tw__local_create(tw__exchange **out, tw_context *ctx, tw_type type, size_t n_weights,
                           tw_error *err);

#endif
