/* The mean loss of a generalised linear model over all rows, its gradient and second derivatives, for
 * solvers: by passes over a copy of the rows, without the leaves of the batch tree, of which each would need
 * a number for every column. The rows are cut into parts, whose number depends on the rows and columns alone;
 * a part's sum goes from row to row, and the parts are added in their order. So the bits do not depend on
 * threads; in the last places they differ from those of the batch tree.
 *
 * Where processes share the rows, a rank has some of the parts. All make the same calls in the same order,
 * and what comes out is rank 0's.
 *
 * Points and vectors are doubles in the order of the weights.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_GLM_SUMS_H
#define TW_TRAIN_GLM_SUMS_H
#include "exchange/ring.h"
#include "train/solvers/solver.h"

typedef struct tw__glm_sums tw__glm_sums;

/* Of a solver's objective; freed with the solver. ring NULL: there is one process. *out NULL: they do not
 * take it. They take a generalised linear model that evaluates many rows in a call, with not too many numbers
 * to be copied, and none of whose weights stands still. */
tw_status tw__glm_sums_create(tw__glm_sums **out, tw__solver *s, tw__ring *ring, tw_error *err);

/* sums->loss has all penalties. */
tw_status tw__glm_sums_at(tw__glm_sums *g, const double *x, tw_sums *sums, tw_error *err);
/* The gradient there, without l1's share. */
const double *tw__glm_sums_gradient(const tw__glm_sums *g);
/* The Hessian's blocks at x, one for each output, of which row i is set up to column i. share: the mean over
 * one in so many rows, spread over all of them; 1, 2, 4 ... */
tw_status tw__glm_sums_matrix(tw__glm_sums *g, const double *x, unsigned share, double *to, tw_error *err);
/* The Hessian's diagonal, and the point of the products that follow. */
tw_status tw__glm_sums_diagonal(tw__glm_sums *g, const double *x, double *to, tw_error *err);
tw_status tw__glm_sums_times(tw__glm_sums *g, const double *v, double *to, tw_error *err);
#endif
