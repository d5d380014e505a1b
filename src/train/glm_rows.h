/* A copy of a generalised linear model's rows for methods that read all of them in every pass: in the
 * weights' type and then in double, so that dense and sparse rows are alike. Where most numbers are not 0 all
 * of them are kept, in lines of equal length; else those that are not 0. Which of the two depends on the
 * numbers alone.
 *
 * A dot product adds product i to one of a few lanes, by its place in the row, and then the lanes in a tree;
 * every other sum goes from row to row. No fma: all instruction sets give the same bits.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_GLM_ROWS_H
#define TW_TRAIN_GLM_ROWS_H
#include "train/solvers/solver.h"

typedef struct tw__glm_rows {
    size_t n, numbers; /* of all rows, the zeros of lines included */
    int is_lines;
    size_t first; /* the first row that is copied; those that are not seem empty */
    /* numbers of a vector with one for each column: more than columns where rows are lines, which end in
     * zeros */
    size_t width;
    size_t *starts;   /* n + 1: row i is column[starts[i]] .., x[starts[i]] .. */
    uint32_t *column; /* NULL: lines */
    double *x;
    /* The column at each place of such a vector, and `column` has places; NULL: they are one. Columns with
     * many numbers come first, so that what is read most lies together. */
    uint32_t *order;
} tw__glm_rows;

static inline size_t tw__glm_column(const tw__glm_rows *x, size_t place)
{
    return x->order ? x->order[place] : place;
}

/* How the rows are copied, and how much it will be; may_be_lines 0: as those that are not 0. */
void tw__glm_rows_measure(tw__glm_rows *to, const tw_objective *o, int may_be_lines);
/* Then copies rows first .. end - 1; freed with the solver. TW_ERR_MEMORY says how many bytes there should
 * be. */
tw_status tw__glm_rows_copy(tw__glm_rows *to, tw__solver *s, size_t first, size_t end, tw_error *err);
/* The numbers of such a copy and, unless index is NULL, their columns or rows; with that message. */
tw_status tw__glm_numbers_alloc(tw__solver *s, size_t n, uint32_t **index, double **x, tw_error *err);

/* Of rows first .. end - 1; vectors of columns have x->width numbers, those of rows begin at row `first`. */
typedef struct tw__glm_kernels {
    /* to[i] = w . x_i + bias */
    void (*dot)(const tw__glm_rows *x, size_t first, size_t end, const double *w, double bias, double *to);
    /* g += by[i] x_i */
    void (*add)(const tw__glm_rows *x, size_t first, size_t end, const double *by, double *g);
    /* g += by[i] x_i^2, number by number */
    void (*add_squares)(const tw__glm_rows *x, size_t first, size_t end, const double *by, double *g);
    /* h += by[i] x_i x_i', a matrix of width rows, of which row j is set up to column j at least */
    void (*add_products)(const tw__glm_rows *x, size_t first, size_t end, const double *by, double *h);
} tw__glm_kernels;

const tw__glm_kernels *tw__glm_kernels_for(const tw__glm_rows *x, tw_isa isa);

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
