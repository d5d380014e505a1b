/* The triangle R of a linear model's rows, by their weights and with l2, and steps by it:
 *
 *   R' R = mean of x x' + l2 I,   without l2 for the intercept, whose column of ones comes first
 *
 * It is the Cholesky factor of the Hessian where that loses few digits, which is fast; else it is made by a
 * QR factorisation of the rows, which are never squared, so that R is as exact as they are. The rest of R,
 * past the intercept, has its columns in the order in which they add most to those before them, by their
 * size; where they add nothing but rounding, the rank ends, and a step has the least norm of those that are
 * optimal.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_SOLVERS_TRIANGLE_H
#define TW_TRAIN_SOLVERS_TRIANGLE_H
#include "train/solvers/solver.h"

typedef struct tw__triangle {
    size_t n, first;  /* columns; 1: the first is the intercept's */
    size_t rank;      /* of those past the intercept */
    double *of_first; /* R's first row */
    /* the rest, a column after the other: an upper triangle of `rank` columns, and beyond them, where there
     * are more, in row i the reflection that makes the row 0 there, with its factor */
    double *rest, *factors;
    size_t *order;   /* which of the model's columns each is */
    double *scratch; /* of a step */
} tw__triangle;

/* Of the rows of a problem with tw_glm; freed with the solver. TW_ERR_MEMORY. */
tw_status tw__triangle_create(tw__triangle *to, tw__solver *s, tw_error *err);
/* d = -(R' R)^+ g, of output k, where g and d have the layout of the problem's weights. */
void tw__triangle_step(tw__triangle *t, const tw_glm *glm, size_t k, const double *g, double *d);
#endif
