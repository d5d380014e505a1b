/* A copy of a generalised linear model's rows by columns, for solvers that step one weight at a time: the
 * numbers that are not 0, in the weights' type and then in double, so that dense and sparse rows are alike.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_SOLVERS_COLUMNS_H
#define TW_TRAIN_SOLVERS_COLUMNS_H
#include "train/solvers/solver.h"

/* With an intercept the last column is one of ones. */
typedef struct tw__columns {
    size_t n, penalised; /* columns; those before the intercept's */
    size_t rows, numbers;
    size_t *starts; /* n + 1; column j is row[starts[j]] .. */
    uint32_t *row;  /* rising within a column */
    double *x;
} tw__columns;

/* Freed with the solver. TW_ERR_MEMORY says how many bytes there should be; TW_ERR_SPEC: too many rows. */
tw_status tw__columns_create(tw__columns *to, tw__solver *s, tw_error *err);
#endif
