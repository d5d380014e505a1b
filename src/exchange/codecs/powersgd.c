/* Gradients of low rank; see powersgd.h.
 *
 * A column of P, and one of Q, is a row of its factor here: products of vectors are what all loops are.
 * SPDX-License-Identifier: MIT */
#include "exchange/codecs/powersgd.h"
#include "exchange/codecs/codec.h"
#include "math/normal.h"
#include <math.h>
#include <string.h>

enum { LANES = 8, BLOCK = 512 };

/* The rows x columns numbers from `at` on, row by row; P and Q are in the factors at `left` and `right`. */
struct matrix {
    size_t at, rows, columns, left, right;
};

struct tw__powersgd {
    tw_type type;
    size_t real, rank, kept, factors, n, capacity;
    uint64_t seed;
    struct matrix *matrix;
};

/* ---- making -------------------------------------------------------------------------------------------- */

/* Its first dimension against all others; 0: it is sent as it is. */
static int is_matrix(const tw_tensor *t, size_t rank, struct matrix *to)
{
    size_t first = 1, others = 1;
    for (int i = 0; i < t->rank; i++) *(i ? &others : &first) *= (size_t)t->shape[i];
    *to = (struct matrix){.at = t->offset, .rows = first, .columns = others};
    if (t->flags & TW_TENSOR_TRANSPOSED) {
        to->rows = others;
        to->columns = first;
    }
    return t->rank > 1 && !(t->flags & TW_TENSOR_BUFFER) && rank < first && rank < others &&
           rank * (first + others) < first * others;
}

tw_status tw__powersgd_create(tw__powersgd **out, const tw__workers *x, size_t rank, tw_error *err)
{
    tw__powersgd *p;
    TW_TRY(tw__alloc(x->ctx, &p, 1, sizeof *p, err));
    *out = p;
    *p = (tw__powersgd){.type = x->set.type,
                        .real = x->k->real,
                        .rank = rank,
                        .capacity = x->set.n_tensors,
                        .seed = x->set.seed};
    TW_TRY(tw__alloc(x->ctx, &p->matrix, p->capacity, sizeof *p->matrix, err));
    for (size_t i = 0; i < x->set.n_tensors; i++)
        p->n += (size_t)is_matrix(&x->set.tensors[i], rank, &p->matrix[p->n]);
    for (size_t i = 0; i < p->n; i++) {
        p->matrix[i].right = p->kept;
        p->kept += rank * p->matrix[i].columns;
    }
    p->factors = p->kept;
    for (size_t i = 0; i < p->n; i++) {
        p->matrix[i].left = p->factors;
        p->factors += rank * p->matrix[i].rows;
    }
    return TW_OK;
}

void tw__powersgd_free(tw__powersgd *p, const tw__workers *x)
{
    if (!p) return;
    tw__free(x->ctx, p->matrix, p->capacity, sizeof *p->matrix);
    tw__free(x->ctx, p, 1, sizeof *p);
}

size_t tw__powersgd_factors(const tw__powersgd *p) { return p->factors; }
size_t tw__powersgd_kept(const tw__powersgd *p) { return p->kept; }

/* ---- factors ------------------------------------------------------------------------------------------- */

/* A column that had nothing to do begins anew. */
static void fill_zeros(const tw__powersgd *p, size_t number, float *right)
{
    const size_t n = p->matrix[number].columns;
    for (size_t k = 0; k < p->rank; k++) {
        size_t others = 0;
        for (size_t j = 0; j < n; j++) others += right[k * n + j] != 0;
        for (size_t j = 0; others == 0 && j < n; j++)
            right[k * n + j] = (float)tw__random_normal(p->seed, TW__FOR_FACTORS, number * p->rank + k, j);
    }
}

#define DOT(real, t)                                                                           \
    static double dot_##t(size_t n, const real *x, const float *y)                             \
    {                                                                                          \
        double lane[LANES] = {0};                                                              \
        size_t i = 0;                                                                          \
        for (; i + LANES <= n; i += LANES)                                                     \
            for (size_t l = 0; l < LANES; l++) lane[l] += (double)x[i + l] * (double)y[i + l]; \
        for (size_t l = 0; i + l < n; l++) lane[l] += (double)x[i + l] * (double)y[i + l];     \
        for (size_t half = LANES / 2; half > 0; half /= 2)                                     \
            for (size_t l = 0; l < half; l++) lane[l] += lane[l + half];                       \
        return lane[0];                                                                        \
    }
DOT(float, f32)
DOT(double, f64)

/* Gram and Schmidt's way. What is left of a column that the others nearly make is rounding, and becomes 0. */
static void make_orthonormal(size_t rank, size_t n, float *left)
{
    const double rounding = 1e-10;
    for (size_t k = 0; k < rank; k++) {
        float *const column = left + k * n;
        const double before = dot_f32(n, column, column);
        for (size_t l = 0; l < k; l++) {
            const float *other = left + l * n;
            const double along = dot_f32(n, column, other);
            for (size_t i = 0; i < n; i++) column[i] = (float)((double)column[i] - along * (double)other[i]);
        }
        const double after = dot_f32(n, column, column);
        const double scale = after <= rounding * before ? 0 : 1 / sqrt(after);
        for (size_t i = 0; i < n; i++) column[i] = scale == 0 ? 0 : (float)((double)column[i] * scale);
    }
}

/* expand: the numbers from .. to - 1 of a matrix are those of the product. */
#define MATRICES(real, t)                                                                                    \
    static void make_right_##t(const struct matrix *m, const real *g, const float *left, float *right)       \
    {                                                                                                        \
        for (size_t lo = 0; lo < m->columns; lo += BLOCK) {                                                  \
            const size_t n = m->columns - lo < BLOCK ? m->columns - lo : BLOCK;                              \
            double sum[BLOCK] = {0};                                                                         \
            for (size_t i = 0; i < m->rows; i++)                                                             \
                for (size_t j = 0; j < n; j++)                                                               \
                    sum[j] += (double)left[i] * (double)g[i * m->columns + lo + j];                          \
            for (size_t j = 0; j < n; j++) right[lo + j] = (float)sum[j];                                    \
        }                                                                                                    \
    }                                                                                                        \
    static void expand_##t(const tw__powersgd *p, const struct matrix *m, const float *factors, size_t from, \
                           size_t to, real *g)                                                               \
    {                                                                                                        \
        for (size_t row = from / m->columns, at = from; at < to; row++) {                                    \
            const size_t first = at - row * m->columns,                                                      \
                         end = to - row * m->columns < m->columns ? to - row * m->columns : m->columns;      \
            for (size_t k = 0; k < p->rank; k++) {                                                           \
                const real left = (real)factors[m->left + k * m->rows + row];                                \
                const float *right = factors + m->right + k * m->columns;                                    \
                real *const numbers = g + m->at + row * m->columns;                                          \
                for (size_t j = first; j < end; j++)                                                         \
                    numbers[j] = (k ? numbers[j] : 0) + left * (real)right[j];                               \
            }                                                                                                \
            at += end - first;                                                                               \
        }                                                                                                    \
    }                                                                                                        \
    void tw__powersgd_##t(const tw__powersgd *p, real *g, float *factors)                                    \
    {                                                                                                        \
        for (size_t i = 0; i < p->n; i++) {                                                                  \
            const struct matrix *m = &p->matrix[i];                                                          \
            float *const left = factors + m->left, *const right = factors + m->right;                        \
            fill_zeros(p, i, right);                                                                         \
            for (size_t k = 0; k < p->rank; k++)                                                             \
                for (size_t row = 0; row < m->rows; row++)                                                   \
                    left[k * m->rows + row] =                                                                \
                        (float)dot_##t(m->columns, g + m->at + row * m->columns, right + k * m->columns);    \
            make_orthonormal(p->rank, m->rows, left);                                                        \
            for (size_t k = 0; k < p->rank; k++)                                                             \
                make_right_##t(m, g + m->at, left + k * m->rows, right + k * m->columns);                    \
            expand_##t(p, m, factors, 0, m->rows * m->columns, g);                                           \
        }                                                                                                    \
    }
MATRICES(float, f32)
MATRICES(double, f64)

/* ---- bytes --------------------------------------------------------------------------------------------- */

/* What a range has of a matrix: the numbers from .. to - 1, in these rows. */
struct overlap {
    size_t from, to, row, rows;
};

/* 0: nothing, or not enough for factors to be fewer bytes. */
static int overlaps(const tw__powersgd *p, const struct matrix *m, size_t lo, size_t hi, struct overlap *o)
{
    const size_t end = m->at + m->rows * m->columns, a = lo > m->at ? lo : m->at, b = hi < end ? hi : end;
    if (a >= b) return 0;
    o->from = a - m->at;
    o->to = b - m->at;
    o->row = o->from / m->columns;
    o->rows = (o->to - 1) / m->columns + 1 - o->row;
    return p->rank * (o->rows + m->columns) * sizeof(float) < (b - a) * p->real;
}

size_t tw__powersgd_bytes(const tw__powersgd *p, size_t lo, size_t hi)
{
    size_t bytes = (hi - lo) * p->real;
    struct overlap o;
    for (size_t i = 0; i < p->n; i++)
        if (overlaps(p, &p->matrix[i], lo, hi, &o))
            bytes -= (o.to - o.from) * p->real - p->rank * (o.rows + p->matrix[i].columns) * sizeof(float);
    return bytes;
}

void tw__powersgd_write(const tw__powersgd *p, const void *g, const float *factors, size_t lo, size_t hi,
                        tw__writer *w)
{
    const char *const bytes = g;
    struct overlap o;
    for (size_t i = 0; i < p->n; i++) {
        const struct matrix *m = &p->matrix[i];
        if (!overlaps(p, m, lo, hi, &o)) continue;
        tw__write(w, bytes + lo * p->real, (m->at + o.from - lo) * p->real);
        for (size_t k = 0; k < p->rank; k++)
            tw__write(w, factors + m->left + k * m->rows + o.row, o.rows * sizeof *factors);
        tw__write(w, factors + m->right, p->rank * m->columns * sizeof *factors);
        lo = m->at + o.to;
    }
    tw__write(w, bytes + lo * p->real, (hi - lo) * p->real);
}

tw_status tw__powersgd_read(const tw__powersgd *p, void *g, float *factors, size_t lo, size_t hi,
                            tw__reader_of_bytes *r, tw_error *err)
{
    char *const bytes = g;
    struct overlap o;
    for (size_t i = 0; i < p->n; i++) {
        const struct matrix *m = &p->matrix[i];
        if (!overlaps(p, m, lo, hi, &o)) continue;
        TW_TRY(tw__read(r, bytes + lo * p->real, (m->at + o.from - lo) * p->real, err));
        for (size_t k = 0; k < p->rank; k++)
            TW_TRY(tw__read(r, factors + m->left + k * m->rows + o.row, o.rows * sizeof *factors, err));
        TW_TRY(tw__read(r, factors + m->right, p->rank * m->columns * sizeof *factors, err));
        TW__FOR_TYPE(p->type, expand, p, m, factors, o.from, o.to, g);
        lo = m->at + o.to;
    }
    return tw__read(r, bytes + lo * p->real, (hi - lo) * p->real, err);
}

extern const tw__codec tw__codec_powersgd;
const tw__codec tw__codec_powersgd = {.is_of_matrices = 1, .feeds_back = 1};
