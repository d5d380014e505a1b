/* Vectors made sparse by the degree of columns: of each row what stands at the columns it has, as many times
 * more as there are fewer rows that have them. Over all rows that is the vector itself, where any row has
 * the column. So l2 w (Niu et al. 2011, section 2) touches what the rows of a batch touch, and so does
 * svrg's mean gradient (Mania et al. 2017).
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_DEGREE_H
#define TW_TRAIN_DEGREE_H
#include "exchange/sum.h"

/* The weight of all n rows by that of those that have the column: a number for each column. */
tw_status tw__degree_ratios(tw_context *ctx, const tw_glm *f, uint64_t n, double **out, tw_error *err);
/* Adds what these rows have of `scale` times the vector v, whose columns `to` has, if it is a list. */
void tw__degree_add(const tw_glm *f, const double *ratio, tw_type type, double scale, const void *v,
                    const uint64_t *rows, size_t n, tw__sum *to);
#endif
