/* The table that sag, saga and miso share: of each block of rows the sum of its gradients when it was last
 * drawn, and the sum of the table. Sums and not means, so that blocks of unequal weight need no case of their
 * own: the last block may be shorter, rows may weigh differently.
 * SPDX-License-Identifier: MIT */
#ifndef TW_ESTIMATORS_TABLE_H
#define TW_ESTIMATORS_TABLE_H
#include "estimators/estimator.h"

typedef struct tw__gradients {
    char *entry; /* n_blocks vectors, 0 before their block was drawn */
    /* of the entries, in double whatever they are: it is changed in every update for ever */
    double *sum;
    void *gradient; /* the drawn block's, which becomes the direction */
    uint8_t *seen;
    size_t n_blocks;
    uint64_t rows; /* in the blocks seen so far */
    double weight; /* of these rows */
} tw__gradients;

tw_status tw__table_create(tw__estimator *e, tw_error *err);
void tw__table_free(tw__estimator *e);
tw_status tw__table_visit(tw__estimator *e, tw_visitor *v, tw_error *err);
/* Evaluates the drawn block at u->w: table->gradient and u->sums, and counts it as seen. */
tw_status tw__table_look(tw__estimator *e, tw__update *u, tw_error *err);
void *tw__table_entry(const tw__estimator *e, uint64_t block);
/* The weight of all rows. Where it is not known, from those seen so far: exact where all rows weigh the same,
 * and once all blocks were seen. */
double tw__table_total(const tw__estimator *e);
#endif
