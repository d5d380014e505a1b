/* Copies of a generalised linear model's rows, by columns for solvers that step one weight at a time, by rows
 * for those that look at one row at a time: the numbers that are not 0, in the weights' type and then in
 * double, so that dense and sparse rows are alike.
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

typedef struct tw__row_copy {
    size_t n, numbers;
    size_t *starts; /* n + 1; row i is column[starts[i]] .. */
    uint32_t *column;
    double *x;
} tw__row_copy;

tw_status tw__row_copy_create(tw__row_copy *to, tw__solver *s, tw_error *err);

/* The sum of x[k] v[i[k]], in 4 lanes: lanes 0 and 2 are added, 1 and 3, and then the two. */
static inline double tw__sparse_dot(const double *v, const double *x, const uint32_t *i, size_t n)
{
    double lane[4] = {0};
    size_t k = 0;
    for (; k + 4 <= n; k += 4)
        for (size_t j = 0; j < 4; j++) lane[j] += x[k + j] * v[i[k + j]];
    for (size_t j = 0; k + j < n; j++) lane[j] += x[k + j] * v[i[k + j]];
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

/* v[i[k]] += by x[k] */
static inline void tw__sparse_add(double *v, double by, const double *x, const uint32_t *i, size_t n)
{
    for (size_t k = 0; k < n; k++) v[i[k]] += by * x[k];
}
#endif
