/* Coordinate descent on a quadratic with l1; see quadratic.h.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/quadratic.h"
#include "base/random.h"
#include "train/glm_rows.h"
#include <math.h>
#include <string.h>

enum { ITERATES = TW__ANDERSON + 1 };

tw_status tw__quadratic_create(tw__quadratic *q, tw__solver *s, const tw__columns *x, tw_error *err)
{
    *q = (tw__quadratic){.x = x};
    const struct {
        double **to;
        size_t n;
    } vectors[] = {{&q->w, x->n},
                   {&q->start, x->n},
                   {&q->g, x->n},
                   {&q->root, x->rows},
                   {&q->r, x->rows},
                   {&q->diagonal, x->n},
                   {&q->trial, x->n},
                   {&q->trial_r, x->rows},
                   {&q->scaled, x->numbers},
                   {&q->iterates, ITERATES * x->n}};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        TW_TRY(tw__solver_alloc(s, vectors[i].to, vectors[i].n, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &q->first, x->n, sizeof *q->first, err));
    TW_TRY(tw__solver_alloc(s, &q->column, x->n, sizeof *q->column, err));
    return tw__solver_alloc(s, &q->order, x->n, sizeof *q->order, err);
}

/* ---- one pass ------------------------------------------------------------------------------------------ */

/* A column times root: m numbers c in rows i. */
typedef struct scaled {
    const uint32_t *i;
    const double *c;
    size_t m;
} scaled;

static scaled column_at(const tw__quadratic *q, size_t k)
{
    const size_t start = q->x->starts[q->column[k]], end = q->x->starts[q->column[k] + 1];
    return (scaled){q->x->row + start, q->scaled + q->first[k], end - start};
}

static int is_penalised(const tw__quadratic *q, size_t k) { return q->column[k] < q->x->penalised; }

static void scale_columns(tw__quadratic *q)
{
    size_t next = 0;
    for (size_t k = 0; k < q->n; k++) {
        const size_t start = q->x->starts[q->column[k]], m = q->x->starts[q->column[k] + 1] - start;
        double sum = 0;
        q->first[k] = next;
        for (size_t i = 0; i < m; i++) {
            const double c = q->x->x[start + i] * q->root[q->x->row[start + i]];
            q->scaled[next + i] = c;
            sum += c * c;
        }
        q->diagonal[k] = sum + (is_penalised(q, k) ? q->l2 : 0);
        next += m;
    }
}

/* The square of the least subgradient before the step. Where the loss is flat no step is known. */
static double step(tw__quadratic *q, size_t k)
{
    const double l2 = is_penalised(q, k) ? q->l2 : 0, l1 = is_penalised(q, k) ? q->l1 : 0, was = q->w[k],
                 by = q->diagonal[k];
    const scaled s = column_at(q, k);
    const double g = q->g[k] + l2 * (was - q->start[k]) + tw__sparse_dot(q->r, s.c, s.i, s.m),
                 least = tw__least_subgradient(g, was, l1);
    if (least == 0 || !(by > 0)) return 0;
    q->w[k] = tw__soft(was - g / by, l1 / by);
    if (q->w[k] != was) tw__sparse_add(q->r, q->w[k] - was, s.c, s.i, s.m);
    return least * least;
}

/* Number k of the pass's order. */
static void draw_order(tw__quadratic *q, uint64_t seed, uint32_t stream, uint64_t pass)
{
    for (size_t k = 0; k < q->n; k++) q->order[k] = (uint32_t)k;
    for (size_t k = q->n; k-- > 1;) {
        const size_t other =
            (size_t)tw__random_below(seed, TW__FOR_COORDINATES, stream, pass << 32 | k, k + 1);
        const uint32_t was = q->order[k];
        q->order[k] = q->order[other];
        q->order[other] = was;
    }
}

/* ---- extrapolation ------------------------------------------------------------------------------------- */

/* q, but for l1's and l2's share of weights that are not its own. */
static double value(const tw__quadratic *q, const double *w, const double *r)
{
    double sum = 0;
    for (size_t k = 0; k < q->n; k++) {
        const double d = w[k] - q->start[k];
        sum += q->g[k] * d;
        if (is_penalised(q, k)) sum += q->l2 / 2 * d * d + q->l1 * fabs(w[k]);
    }
    return sum + tw__dot(r, r, q->x->rows) / 2;
}

/* c = (U' U)^-1 1, made to sum to 1, where U has the differences of the iterates. 0: they are too alike. */
static int combine(const tw__quadratic *q, double c[TW__ANDERSON])
{
    enum { N = TW__ANDERSON };
    double a[N][N + 1], total = 0, trace = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j <= i; j++) {
            const double *x = q->iterates + i * q->n, *y = q->iterates + j * q->n;
            double sum = 0;
            for (size_t k = 0; k < q->n; k++) sum += (x[k + q->n] - x[k]) * (y[k + q->n] - y[k]);
            a[i][j] = a[j][i] = sum;
        }
    for (size_t i = 0; i < N; i++) trace += a[i][i], a[i][N] = 1;
    for (size_t i = 0; i < N; i++) a[i][i] += 1e-13 * trace;
    for (size_t i = 0; i < N; i++) {
        if (!(a[i][i] > 0)) return 0;
        for (size_t below = i + 1; below < N; below++)
            for (size_t j = N + 1; j-- > i;) a[below][j] -= a[below][i] / a[i][i] * a[i][j];
    }
    for (size_t i = N; i-- > 0; total += c[i]) {
        c[i] = a[i][N];
        for (size_t j = i + 1; j < N; j++) c[i] -= a[i][j] * c[j];
        c[i] /= a[i][i];
    }
    for (size_t i = 0; i < N; i++) c[i] /= total;
    return isfinite(total) && total != 0;
}

/* Bertrand & Massias 2021, algorithm 2. */
static void extrapolate(tw__quadratic *q)
{
    double c[TW__ANDERSON];
    if (!combine(q, c)) return;
    for (size_t k = 0; k < q->n; k++) {
        q->trial[k] = 0;
        for (size_t i = 0; i < TW__ANDERSON; i++) q->trial[k] += c[i] * q->iterates[(i + 1) * q->n + k];
    }
    memset(q->trial_r, 0, q->x->rows * sizeof *q->trial_r);
    for (size_t k = 0; k < q->n; k++) {
        const scaled s = column_at(q, k);
        if (q->trial[k] != q->start[k]) tw__sparse_add(q->trial_r, q->trial[k] - q->start[k], s.c, s.i, s.m);
    }
    if (!(value(q, q->trial, q->trial_r) < value(q, q->w, q->r))) return;
    memcpy(q->w, q->trial, q->n * sizeof *q->w);
    memcpy(q->r, q->trial_r, q->x->rows * sizeof *q->r);
}

/* Keeps the iterate after so many passes, and extrapolates when there are enough. */
static void keep(tw__quadratic *q, size_t passes)
{
    const size_t at = passes % TW__ANDERSON;
    memcpy(q->iterates + (passes && at == 0 ? TW__ANDERSON : at) * q->n, q->w, q->n * sizeof *q->w);
    if (passes == 0 || at > 0) return;
    extrapolate(q);
    memcpy(q->iterates, q->w, q->n * sizeof *q->w);
}

void tw__quadratic_minimise(tw__quadratic *q, double tol, size_t most, const uint64_t *seed, uint32_t stream)
{
    memcpy(q->w, q->start, q->n * sizeof *q->w);
    memset(q->r, 0, q->x->rows * sizeof *q->r);
    scale_columns(q);
    for (size_t pass = 0; pass < most; pass++) {
        double sum = 0;
        if (seed) draw_order(q, *seed, stream, pass);
        else keep(q, pass);
        for (size_t k = 0; k < q->n; k++) sum += step(q, seed ? q->order[k] : k);
        if (sqrt(sum) <= tol) return;
    }
}
