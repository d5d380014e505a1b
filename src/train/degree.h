/* l2 whose gradient touches what the rows of a batch touch: of each row for the columns it has, as many times
 * more as there are fewer rows that have them (Niu et al. 2011, section 2). Over all rows that is l2 itself.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_DEGREE_H
#define TW_TRAIN_DEGREE_H
#include "exchange/sum.h"

/* l2 times the weight of all n rows by that of those that have the column: a number for each column. */
tw_status tw__degree_shares(tw_context *ctx, const tw_glm *f, uint64_t n, double **out, tw_error *err);
/* Adds the gradient of these rows at w, whose columns `to` has, if it is a list. */
void tw__degree_add(const tw_glm *f, const double *share, tw_type type, const void *w, const uint64_t *rows,
                    size_t n, tw__sum *to);
#endif
