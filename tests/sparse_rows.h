/* Logistic regression on sparse rows for tests of the loop: it answers with vectors or, by a switch, with
 * lists. Every row has a few columns, drawn with a taste for the first ones, and a bias.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_SPARSE_ROWS_H
#define TESTS_SPARSE_ROWS_H
#include "base/random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/train.h>

enum { SR_EACH = 6, SR_LANES = 8 };

typedef struct sparse_rows {
    int rows, columns; /* weights: the columns, then the bias */
    /* what a list has for a sum of 0: 0 or -0 */
    double zero;
    /* what the gradient of every fifth row is multiplied by; 0: 1 */
    double tiny;
    /* -1, or the row whose gradient is infinite */
    int bad_row;
    /* 1: too long a list; 2: indices that fall; 3: an index that is too large; 4: nothing, of no weight */
    int wrong;
    void *sum[SR_LANES];     /* a leaf's, as a vector that is 0 between two evaluations */
    uint32_t *own[SR_LANES]; /* and which of its numbers it touches */
    int64_t shape[2];
    tw_tensor tensors[2];
} sparse_rows;

static inline size_t sr_size(const sparse_rows *p) { return (size_t)p->columns + 1; }

/* Column k of a row: no two are the same. */
static inline uint32_t sr_column(const sparse_rows *p, uint64_t row, int k)
{
    const double unit = tw__random_unit(7, TW__FOR_TEST, (uint32_t)row, (uint64_t)k);
    const uint32_t part = (uint32_t)(p->columns / SR_EACH);
    return (uint32_t)k * part + (uint32_t)(unit * unit * unit * (double)part);
}
static inline double sr_x(uint64_t row, int k)
{
    return 2 * tw__random_unit(8, TW__FOR_TEST, (uint32_t)row, (uint64_t)k) - 1;
}
static inline double sr_sign(uint64_t row)
{
    return tw__random_unit(9, TW__FOR_TEST, (uint32_t)row, 0) < 0.4 ? -1 : 1;
}
static inline double sr_weight(uint64_t row) { return 1 + (double)(row % 3); }

static inline double sr_scale(const sparse_rows *p, uint64_t row)
{
    return p->tiny != 0 && row % 5 == 0 ? p->tiny : 1;
}

static inline size_t sr_touched(void *user, const uint64_t *rows, size_t n, uint32_t *index)
{
    const sparse_rows *p = user;
    for (size_t i = 0; index && i < n; i++) {
        *index++ = (uint32_t)p->columns;
        for (int k = 0; k < SR_EACH; k++) *index++ = sr_column(p, rows[i], k);
    }
    return n * (SR_EACH + 1);
}

static inline int sr_compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The touched indices in order, each once. */
static inline size_t sr_sort(uint32_t *index, size_t n)
{
    size_t kept = 0;
    qsort(index, n, sizeof *index, sr_compare);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || index[i] != index[kept - 1]) index[kept++] = index[i];
    return kept;
}

#define SR_EVAL(real, t)                                                                               \
    static inline void sr_answer_##t(const sparse_rows *p, const tw_eval *e, real *sum)                \
    {                                                                                                  \
        uint32_t *own = p->own[e->draw->lane];                                                         \
        const size_t n = sr_sort(own, sr_touched((void *)(uintptr_t)p, e->rows, e->n, own));           \
        for (size_t i = 0; i < n; i++) {                                                               \
            real value = sum[own[i]];                                                                  \
            sum[own[i]] = 0;                                                                           \
            if (!e->sparse) continue;                                                                  \
            e->sparse->index[i] = own[i];                                                              \
            ((real *)e->sparse->value)[i] = value == 0 ? (real)p->zero : value;                        \
        }                                                                                              \
        if (!e->sparse) return;                                                                        \
        e->sparse->n = p->wrong == 1 ? e->sparse->most + 1 : n;                                        \
        if (p->wrong == 2) e->sparse->index[1] = e->sparse->index[0];                                  \
        if (p->wrong == 3) e->sparse->index[n - 1] = (uint32_t)sr_size(p);                             \
        if (p->wrong == 4) e->sparse->n = 0;                                                           \
    }                                                                                                  \
    static inline int sr_eval_##t(void *user, const tw_eval *e)                                        \
    {                                                                                                  \
        const sparse_rows *p = user;                                                                   \
        const real *w = e->w;                                                                          \
        real *g = e->sparse ? p->sum[e->draw->lane] : e->gradient;                                     \
        *e->sums = (tw_sums){0};                                                                       \
        if (e->want & TW_WANT_GRADIENT && !e->sparse) memset(g, 0, sr_size(p) * sizeof *g);            \
        for (size_t i = 0; i < e->n; i++) {                                                            \
            const uint64_t row = e->rows[i];                                                           \
            const double weight = sr_weight(row);                                                      \
            double dot = (double)w[p->columns];                                                        \
            for (int k = 0; k < SR_EACH; k++) dot += sr_x(row, k) * (double)w[sr_column(p, row, k)];   \
            const double margin = sr_sign(row) * dot;                                                  \
            e->sums->loss += weight * (log1p(exp(-fabs(margin))) - fmin(margin, 0));                   \
            e->sums->correct += margin > 0 ? weight : 0;                                               \
            e->sums->weight += weight;                                                                 \
            if (!(e->want & TW_WANT_GRADIENT)) continue;                                               \
            const double off = -sr_sign(row) * weight / (1 + exp(margin)) * sr_scale(p, row),          \
                         slope = (int)row == p->bad_row ? INFINITY : off;                              \
            for (int k = 0; k < SR_EACH; k++) g[sr_column(p, row, k)] += (real)(slope * sr_x(row, k)); \
            g[p->columns] += (real)off;                                                                \
        }                                                                                              \
        if (e->want & TW_WANT_GRADIENT && e->sparse) sr_answer_##t(p, e, g);                           \
        if (p->wrong == 4) *e->sums = (tw_sums){0};                                                    \
        if (p->wrong == 4 && g) memset(g, 0, sr_size(p) * sizeof *g);                                  \
        return 0;                                                                                      \
    }
SR_EVAL(float, f32)
SR_EVAL(double, f64)

/* lists: whether it may answer with them. Freed by sr_free. */
static inline tw_objective sr_objective(sparse_rows *p, tw_type type, int lists)
{
    p->shape[0] = p->columns;
    p->tensors[0] = (tw_tensor){"w", 1, p->shape, 0, 0};
    p->tensors[1] = (tw_tensor){"bias", 0, NULL, (size_t)p->columns, 0};
    for (int i = 0; i < SR_LANES; i++) {
        p->sum[i] = calloc(sr_size(p), 8);
        p->own[i] = malloc((size_t)p->rows * (SR_EACH + 1) * sizeof *p->own[i]);
    }
    return (tw_objective){.size = sizeof(tw_objective),
                          .type = type,
                          .tensors = p->tensors,
                          .n_tensors = 2,
                          .n_rows = (uint64_t)p->rows,
                          .counts_correct = 1,
                          .lanes = SR_LANES,
                          .user = p,
                          .eval = type == TW_F32 ? sr_eval_f32 : sr_eval_f64,
                          .touched = lists ? sr_touched : NULL};
}

static inline void sr_free(sparse_rows *p)
{
    for (int i = 0; i < SR_LANES; i++) {
        free(p->sum[i]);
        free(p->own[i]);
    }
}
#endif
