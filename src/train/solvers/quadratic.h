/* The quadratic model of one output's loss in some of its weights, and its minimum by steps along single
 * weights:
 *
 *   q(w) = g . d + d' (X' D X + l2 I) d / 2 + l1 |w|_1,   d = w - start
 *
 * without l2 and l1 for the intercept. The steps are exact, with a soft threshold; after every few passes the
 * iterates are extrapolated (Anderson), and the result taken if q is lower there.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_SOLVERS_QUADRATIC_H
#define TW_TRAIN_SOLVERS_QUADRATIC_H
#include "train/solvers/columns.h"

enum { TW__ANDERSON = 5 }; /* passes between two extrapolations */

typedef struct tw__quadratic {
    const tw__columns *x;
    double l2, l1;
    size_t n;         /* weights */
    uint32_t *column; /* of each */
    double *w, *start, *g;
    double *root; /* of D, per row */
    /* what the rest is worked out in: the columns times root, one after the other; root X d; diagonal of the
     * Hessian; the last iterates, the oldest first; an extrapolated point and its root X d */
    double *scaled, *r, *diagonal, *iterates, *trial, *trial_r;
    size_t *first; /* of each column's numbers in `scaled` */
    uint32_t *order;
} tw__quadratic;

/* With capacity for all columns; freed with the solver. */
tw_status tw__quadratic_create(tw__quadratic *q, tw__solver *s, const tw__columns *x, tw_error *err);

/* From w = start, with column, g and root set, until a pass sees at most `tol` as the norm of the least
 * subgradient, or for `most` passes. seed NULL: the weights in order; else in an order drawn anew for each
 * pass from numbers of this seed's `stream`, and without extrapolation. */
void tw__quadratic_minimise(tw__quadratic *q, double tol, size_t most, const uint64_t *seed, uint32_t stream);
#endif
