/* Ridge regression for tests of the loop: a custom objective in float or double, with rows that may weigh
 * differently, its optimum by a direct solve, and a visitor that keeps a run's state in memory.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_LEAST_SQUARES_H
#define TESTS_LEAST_SQUARES_H
#include "base/random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/train.h>

enum { LS_MOST_COLUMNS = 9000, LS_MOST_ROWS = 64 };

typedef struct least_squares {
    int rows, columns, uneven; /* uneven: row i weighs 1 + i % 3 */
    double penalty;            /* / 2 times |w|^2 */
    /* -1, or the row whose loss and gradient are infinite */
    int bad_row;
    int64_t shape[1];
    tw_tensor tensor;
} least_squares;

static inline double ls_x(int row, int column)
{
    return 2 * tw__random_unit(5, TW__FOR_TEST, (uint32_t)row, (uint64_t)column) - 1;
}
static inline double ls_y(int row) { return 2 * tw__random_unit(6, TW__FOR_TEST, (uint32_t)row, 0) - 1; }
static inline double ls_weight(const least_squares *p, int row) { return p->uneven ? 1 + row % 3 : 1; }

#define LS_EVAL(real, t)                                                                   \
    static inline int ls_eval_##t(void *user, const tw_eval *e)                            \
    {                                                                                      \
        const least_squares *p = user;                                                     \
        const real *w = e->w;                                                              \
        real *g = e->gradient;                                                             \
        *e->sums = (tw_sums){0};                                                           \
        if (e->want & TW_WANT_GRADIENT) memset(g, 0, (size_t)p->columns * sizeof *g);      \
        for (size_t k = 0; k < e->n; k++) {                                                \
            int row = (int)e->rows[k];                                                     \
            double dot = 0, square = 0, weight = ls_weight(p, row);                        \
            for (int j = 0; j < p->columns; j++) {                                         \
                dot += ls_x(row, j) * (double)w[j];                                        \
                square += (double)w[j] * (double)w[j];                                     \
            }                                                                              \
            double off = row == p->bad_row ? INFINITY : dot - ls_y(row);                   \
            e->sums->loss += weight * (off * off + p->penalty * square) / 2;               \
            e->sums->weight += weight;                                                     \
            for (int j = 0; j < p->columns && e->want & TW_WANT_GRADIENT; j++)             \
                g[j] += (real)(weight * (off * ls_x(row, j) + p->penalty * (double)w[j])); \
        }                                                                                  \
        return 0;                                                                          \
    }
LS_EVAL(float, f32)
LS_EVAL(double, f64)

static inline tw_objective ls_objective(least_squares *p, tw_type type)
{
    p->shape[0] = p->columns;
    p->tensor = (tw_tensor){"w", 1, p->shape, 0, 0};
    return (tw_objective){.size = sizeof(tw_objective),
                          .type = type,
                          .tensors = &p->tensor,
                          .n_tensors = 1,
                          .n_rows = (uint64_t)p->rows,
                          .lanes = 8,
                          .user = p,
                          .eval = type == TW_F32 ? ls_eval_f32 : ls_eval_f64};
}

/* The mean gradient over all rows, in double. */
static inline void ls_gradient(const least_squares *p, const double *w, double *to)
{
    double total = 0;
    memset(to, 0, (size_t)p->columns * sizeof *to);
    for (int i = 0; i < p->rows; i++) {
        double dot = 0, weight = ls_weight(p, i);
        for (int j = 0; j < p->columns; j++) dot += ls_x(i, j) * w[j];
        for (int j = 0; j < p->columns; j++)
            to[j] += weight * ((dot - ls_y(i)) * ls_x(i, j) + p->penalty * w[j]);
        total += weight;
    }
    for (int j = 0; j < p->columns; j++) to[j] /= total;
}

/* Newton's one step from 0: (X'X / n + penalty) w = X'y / n, by elimination. Up to 8 columns. */
static inline void ls_optimum(const least_squares *p, double *w)
{
    double a[8][9], zero[8] = {0}, unit[8], g0[8], g[8];
    int d = p->columns;
    ls_gradient(p, zero, g0);
    for (int j = 0; j < d; j++) {
        memset(unit, 0, sizeof unit);
        unit[j] = 1;
        ls_gradient(p, unit, g);
        for (int i = 0; i < d; i++) a[i][j] = g[i] - g0[i];
        a[j][d] = -g0[j];
    }
    for (int k = 0; k < d; k++)
        for (int i = 0; i < d; i++)
            for (int j = d; i != k && j >= k; j--) a[i][j] -= a[i][k] / a[k][k] * a[k][j];
    for (int k = 0; k < d; k++) w[k] = a[k][d] / a[k][k];
}

/* ---- State in memory ---- */

enum { LS_MOST_FIELDS = 160 };
typedef struct ls_state {
    tw_visitor visitor;
    int n, at;
    struct {
        char name[64];
        size_t bytes;
        void *data;
    } field[LS_MOST_FIELDS];
} ls_state;

static inline tw_status ls_visit(ls_state *s, const char *name, size_t bytes, void *data)
{
    if (s->visitor.loading) {
        int i = s->at++;
        if (i >= s->n || strcmp(s->field[i].name, name) != 0 || s->field[i].bytes != bytes)
            return TW_ERR_DATA;
        if (bytes) memcpy(data, s->field[i].data, bytes);
        return TW_OK;
    }
    if (s->n == LS_MOST_FIELDS) return TW_ERR_INTERNAL;
    strncpy(s->field[s->n].name, name, sizeof s->field[0].name - 1);
    s->field[s->n].bytes = bytes;
    s->field[s->n].data = malloc(bytes ? bytes : 1);
    if (bytes) memcpy(s->field[s->n].data, data, bytes);
    s->n++;
    return TW_OK;
}

static inline tw_status ls_field(tw_visitor *v, const char *name, tw_type type, int rank,
                                 const int64_t *shape, void *data, tw_error *err)
{
    size_t n = tw_type_size(type);
    (void)err;
    for (int i = 0; i < rank; i++) n *= (size_t)shape[i];
    return ls_visit((ls_state *)v, name, n, data);
}

static inline tw_status ls_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                                tw_context *ctx, tw_error *err)
{
    ls_state *s = (ls_state *)v;
    if (v->loading && s->at < s->n) {
        tw__free(ctx, *data, *n, tw_type_size(type));
        *n = s->field[s->at].bytes / tw_type_size(type);
        tw_status status = tw__alloc(ctx, data, *n, tw_type_size(type), err);
        if (status != TW_OK) return status;
    }
    return ls_visit(s, name, *n * tw_type_size(type), *data);
}

static inline tw_status ls_save(ls_state *s, tw_run *run)
{
    *s = (ls_state){.visitor = {.field = ls_field, .list = ls_list}};
    return tw_run_visit(run, &s->visitor, NULL);
}

static inline tw_status ls_load(ls_state *s, tw_run *run)
{
    s->visitor.loading = 1;
    s->at = 0;
    return tw_run_visit(run, &s->visitor, NULL);
}

static inline void *ls_find(const ls_state *s, const char *name)
{
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->field[i].name, name) == 0) return s->field[i].data;
    return NULL;
}

static inline void ls_forget(ls_state *s)
{
    for (int i = 0; i < s->n; i++) free(s->field[i].data);
    s->n = 0;
}
#endif
