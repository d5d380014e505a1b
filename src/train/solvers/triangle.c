/* A triangle of rows; see triangle.h.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/triangle.h"
#include "base/pool.h"
#include "models/row.h"
#include <float.h>
#include <math.h>
#include <string.h>

/* Rows are factorised in pieces, by all threads; how many pieces depends on rows and columns alone. */
enum { BLOCK = 128, MOST_PIECES = 8, PIECE = 4, MOST_NUMBERS = 4000000 };

typedef struct piece {
    double *r;     /* n * n, a row after the other, of which those up to the diagonal count */
    double *block; /* n columns of BLOCK numbers */
} piece;

typedef struct pieces {
    const tw_objective *o;
    double weight; /* of all rows */
    size_t n, count;
    piece piece[MOST_PIECES];
} pieces;

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* Makes the m rows in the block 0 by reflections that change R. */
static void absorb(const pieces *p, const piece *to, size_t m)
{
    const size_t n = p->n;
    for (size_t k = 0; k < n; k++) {
        double *r = to->r + k * n;
        const double *x = to->block + k * BLOCK, square = tw__dot(x, x, m);
        if (square == 0) continue;
        const double norm = sqrt(r[k] * r[k] + square), now = r[k] > 0 ? -norm : norm, head = r[k] - now,
                     by = 2 / (head * head + square);
        r[k] = now;
        for (size_t j = k + 1; j < n; j++) {
            double *other = to->block + j * BLOCK;
            const double t = by * (head * r[j] + tw__dot(x, other, m));
            r[j] -= t * head;
            tw__add_scaled(other, -t, x, m);
        }
    }
}

/* Puts a row into the block, as its row number `at`. */
static void put_row(const pieces *p, const piece *to, uint64_t i, size_t at)
{
    const tw_glm *glm = p->o->glm;
    const double root = sqrt(glm->weight(glm->user, i) / p->weight);
    tw_row r;
    glm->row(glm->user, i, &r);
    if (glm->intercept) to->block[at] = root;
    double *first = to->block + (glm->intercept ? BLOCK : 0) + at;
    for (size_t k = 0; k < r.n; k++)
        first[(r.columns ? r.columns[k] : k) * BLOCK] =
            root * tw__row_number(glm->row_type, p->o->type, &r, k);
}

static void clear(const pieces *p, const piece *to) { memset(to->block, 0, p->n * BLOCK * sizeof(double)); }

static void take_rows(void *arg, size_t number, int worker)
{
    const pieces *p = arg;
    const uint64_t rows = p->o->n_rows, end = rows * (number + 1) / p->count;
    (void)worker;
    for (uint64_t i = rows * number / p->count; i < end;) {
        const size_t m = end - i < BLOCK ? (size_t)(end - i) : BLOCK;
        clear(p, &p->piece[number]);
        for (size_t at = 0; at < m; at++) put_row(p, &p->piece[number], i++, at);
        absorb(p, &p->piece[number], m);
    }
}

/* Into the first piece's R that of another one, or l2 on the diagonal. */
static void merge(const pieces *p, const double *r, double diagonal)
{
    const piece *to = &p->piece[0];
    const size_t from = diagonal > 0 && p->o->glm->intercept;
    for (size_t i = from; i < p->n;) {
        const size_t m = p->n - i < BLOCK ? p->n - i : BLOCK;
        clear(p, to);
        for (size_t at = 0; at < m; at++, i++)
            for (size_t j = i; j < (r ? p->n : i + 1); j++)
                to->block[j * BLOCK + at] = r ? r[i * p->n + j] : diagonal;
        absorb(p, to, m);
    }
}

/* ---- the order of the columns -------------------------------------------------------------------------- */

static void swap_columns(tw__triangle *t, double *norms, size_t a, size_t b)
{
    const size_t n = t->n - t->first, was = t->order[a];
    const double norm = norms[a];
    for (size_t i = 0; i < n; i++) {
        const double x = t->rest[a * n + i];
        t->rest[a * n + i] = t->rest[b * n + i];
        t->rest[b * n + i] = x;
    }
    t->order[a] = t->order[b], t->order[b] = was;
    norms[a] = norms[b], norms[b] = norm;
}

/* Column k to its first k + 1 numbers, by a reflection of all after it. */
static void reflect(tw__triangle *t, size_t k)
{
    const size_t n = t->n - t->first, m = n - k;
    double *x = t->rest + k * n + k;
    const double norm = sqrt(tw__dot(x, x, m)), now = x[0] > 0 ? -norm : norm;
    x[0] -= now;
    const double by = 2 / tw__dot(x, x, m);
    for (size_t j = k + 1; j < n; j++) {
        double *other = t->rest + j * n + k;
        tw__add_scaled(other, -by * tw__dot(x, other, m), x, m);
    }
    x[0] = now;
}

/* In each place the column of which most is left, by its norm; the rank ends where less is left of all than
 * `rounding`. norms: scratch. */
static void order_columns(tw__triangle *t, double *norms, double rounding)
{
    const size_t n = t->n - t->first;
    for (size_t j = 0; j < n; j++) {
        t->order[j] = j;
        const double mean = t->first ? t->of_first[1 + j] : 0;
        norms[j] = sqrt(mean * mean + tw__dot(t->rest + j * n, t->rest + j * n, n));
    }
    for (t->rank = 0; t->rank < n; t->rank++) {
        size_t best = t->rank;
        double most = 0;
        for (size_t j = t->rank; j < n; j++) {
            const double *left = t->rest + j * n + t->rank;
            const double share = norms[j] > 0 ? sqrt(tw__dot(left, left, n - t->rank)) / norms[j] : 0;
            if (share > most) most = share, best = j;
        }
        if (!(most > rounding)) return;
        swap_columns(t, norms, t->rank, best);
        reflect(t, t->rank);
    }
}

/* Makes the rows up to the rank 0 beyond it, by reflections from the right, the last row first. */
static void shorten(tw__triangle *t)
{
    const size_t n = t->n - t->first;
    for (size_t i = t->rank; i-- > 0 && t->rank < n;) {
        double *at = t->rest + i * n + i, *beyond = t->rest + t->rank * n + i, square = 0;
        for (size_t j = 0; j < n - t->rank; j++) square += beyond[j * n] * beyond[j * n];
        const double norm = sqrt(*at * *at + square), now = *at > 0 ? -norm : norm, head = *at - now;
        t->factors[i] = square > 0 ? 2 / (1 + square / (head * head)) : 0;
        if (square == 0) continue;
        for (size_t j = 0; j < n - t->rank; j++) beyond[j * n] /= head;
        *at = now;
        for (size_t row = 0; row < i; row++) {
            double *pivot = t->rest + i * n + row, *others = t->rest + t->rank * n + row, sum = *pivot;
            for (size_t j = 0; j < n - t->rank; j++) sum += others[j * n] * beyond[j * n];
            *pivot -= t->factors[i] * sum;
            for (size_t j = 0; j < n - t->rank; j++) others[j * n] -= t->factors[i] * sum * beyond[j * n];
        }
    }
}

static void finish(tw__triangle *t, const double *r, double rounding)
{
    const size_t rest = t->n - t->first;
    memcpy(t->of_first, r, t->n * sizeof *r);
    for (size_t j = 0; j < rest; j++)
        for (size_t i = 0; i <= j; i++) t->rest[j * rest + i] = r[(i + t->first) * t->n + j + t->first];
    order_columns(t, t->scratch, rounding);
    shorten(t);
}

/* ---- making -------------------------------------------------------------------------------------------- */

static size_t count_pieces(uint64_t rows, size_t n)
{
    const uint64_t by_rows = rows / (PIECE * n), by_size = MOST_NUMBERS / (n * n),
                   least = by_rows < by_size ? by_rows : by_size;
    return least < 1 ? 1 : least > MOST_PIECES ? MOST_PIECES : (size_t)least;
}

/* R of the Hessian, of whose blocks, one for each output, the first is taken. *made 0: the diagonal loses too
 * many digits, or there is no such Hessian. */
static tw_status by_hessian(tw__solver *s, size_t n, double *r, int *made, tw_error *err)
{
    static const double least = 1e-6;
    const tw_objective *o = s->problem.objective;
    const size_t blocks = o->hessian_blocks ? o->hessian_blocks : 1, first = o->glm->intercept != 0;
    double *h;
    *made = 0;
    if (!o->hessian || blocks != o->glm->outputs) return TW_OK;
    TW_TRY(tw__alloc(s->ctx, &h, blocks * n, n * sizeof(double), err));
    const tw_status status = s->problem.hessian(s->problem.user, 1, h, err);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            r[i * n + j] =
                first && j == 0 ? h[(n - 1) * n + (i ? i - 1 : n - 1)] : h[(i - first) * n + j - first];
    *made = status == TW_OK && tw__cholesky(r, n, 0, least);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) r[j * n + i] = r[i * n + j];
    tw__free(s->ctx, h, blocks * n, n * sizeof(double));
    return status;
}

static tw_status make_pieces(pieces *p, tw_context *ctx, double *r, tw_error *err)
{
    p->piece[0].r = r;
    for (size_t i = 0; i < p->count; i++) {
        if (i > 0) TW_TRY(tw__alloc(ctx, &p->piece[i].r, p->n * p->n, sizeof(double), err));
        TW_TRY(tw__alloc(ctx, &p->piece[i].block, p->n * BLOCK, sizeof(double), err));
    }
    return TW_OK;
}

static void free_pieces(pieces *p, tw_context *ctx)
{
    for (size_t i = 0; i < p->count; i++) {
        if (i > 0) tw__free(ctx, p->piece[i].r, p->n * p->n, sizeof(double));
        tw__free(ctx, p->piece[i].block, p->n * BLOCK, sizeof(double));
    }
}

static tw_status by_rows(tw__solver *s, size_t n, double *r, tw_error *err)
{
    const tw_objective *o = s->problem.objective;
    pieces p = {.o = o, .n = n, .count = count_pieces(o->n_rows, n)};
    for (uint64_t i = 0; i < o->n_rows; i++) p.weight += o->glm->weight(o->glm->user, i);
    memset(r, 0, n * n * sizeof *r);
    const tw_status status = make_pieces(&p, s->ctx, r, err);
    if (status == TW_OK) {
        tw__pool_run(s->ctx, p.count, take_rows, &p);
        for (size_t i = 1; i < p.count; i++) merge(&p, p.piece[i].r, 0);
        if (o->glm->l2 > 0) merge(&p, NULL, sqrt(o->glm->l2));
    }
    free_pieces(&p, s->ctx);
    return status;
}

static tw_status allocate(tw__triangle *t, tw__solver *s, tw_error *err)
{
    const size_t rest = t->n - t->first;
    TW_TRY(tw__solver_alloc(s, &t->of_first, t->n, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &t->rest, rest * rest, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &t->factors, rest, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &t->order, rest, sizeof *t->order, err));
    return tw__solver_alloc(s, &t->scratch, t->n, sizeof(double), err);
}

tw_status tw__triangle_create(tw__triangle *t, tw__solver *s, tw_error *err)
{
    const tw_objective *o = s->problem.objective;
    const size_t first = o->glm->intercept != 0, n = o->glm->columns + first;
    const double rounding = o->type == TW_F64 ? DBL_EPSILON : FLT_EPSILON;
    double *r;
    int made;
    *t = (tw__triangle){.n = n, .first = first};
    TW_TRY(allocate(t, s, err));
    TW_TRY(tw__alloc(s->ctx, &r, n * n, sizeof *r, err));
    tw_status status = by_hessian(s, n, r, &made, err);
    if (status == TW_OK && !made) status = by_rows(s, n, r, err);
    if (status == TW_OK) finish(t, r, (double)(n + BLOCK) / 4 * rounding);
    tw__free(s->ctx, r, n * n, sizeof *r);
    return status;
}

/* ---- a step -------------------------------------------------------------------------------------------- */

/* Applies the reflection that shortened row i to numbers in the columns' order. */
static void apply(const tw__triangle *t, size_t i, double *x)
{
    const size_t n = t->n - t->first;
    const double *beyond = t->rest + t->rank * n + i;
    double sum = x[i];
    for (size_t j = 0; j < n - t->rank; j++) sum += beyond[j * n] * x[t->rank + j];
    x[i] -= t->factors[i] * sum;
    for (size_t j = 0; j < n - t->rank; j++) x[t->rank + j] -= t->factors[i] * sum * beyond[j * n];
}

/* x = (S' S)^-1 x, where S is the triangle up to the rank; beyond it x is 0. */
static void divide(const tw__triangle *t, double *x)
{
    const size_t n = t->n - t->first;
    for (size_t j = 0; j < t->rank; j++) {
        const double *column = t->rest + j * n;
        x[j] = (x[j] - tw__dot(column, x, j)) / column[j];
    }
    for (size_t j = t->rank; j-- > 0;) {
        const double *column = t->rest + j * n;
        x[j] /= column[j];
        tw__add_scaled(x, -x[j], column, j);
    }
    for (size_t j = t->rank; j < n; j++) x[j] = 0;
}

void tw__triangle_step(tw__triangle *t, const tw_glm *glm, size_t k, const double *g, double *d)
{
    const size_t n = glm->columns, bias = glm->outputs * n + k;
    const double *top = t->of_first, of_first = t->first ? -g[bias] / top[0] : 0;
    double *x = t->scratch;
    for (size_t j = 0; j < n; j++) {
        const size_t c = t->order[j];
        x[j] = -g[k * n + c] - (t->first ? top[1 + c] * of_first : 0);
    }
    if (t->rank < n)
        for (size_t i = t->rank; i-- > 0;) apply(t, i, x);
    divide(t, x);
    if (t->rank < n)
        for (size_t i = 0; i < t->rank; i++) apply(t, i, x);
    for (size_t j = 0; j < n; j++) d[k * n + t->order[j]] = x[j];
    if (t->first) d[bias] = (of_first - tw__dot(top + 1, d + k * n, n)) / top[0];
}
