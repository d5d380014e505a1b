/* newton: the Hessian, by rows, and its Cholesky factor.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_WEIGHTS = 2000 };

typedef struct state {
    double *hessian, *factor, *d;
} state;

static tw_status create(tw__solver *s, tw_error *err)
{
    const size_t n = s->problem.n;
    state *h;
    TW_TRY(tw__solver_needs_smooth(s, err));
    if (!s->problem.objective->hessian)
        return tw__fail(
            err, TW_ERR_SPEC,
            "solver newton needs second derivatives, which linear models with one output have: use lbfgs");
    if (n > MOST_WEIGHTS)
        return tw__fail(err, TW_ERR_SPEC,
                        "solver newton takes up to %d weights, and these are %zu: use lbfgs", MOST_WEIGHTS,
                        n);
    TW_TRY(tw__alloc(s->ctx, &h, 1, sizeof *h, err));
    s->state = h;
    TW_TRY(tw__alloc(s->ctx, &h->hessian, n * n, sizeof(double), err));
    TW_TRY(tw__alloc(s->ctx, &h->factor, n * n, sizeof(double), err));
    return tw__alloc(s->ctx, &h->d, n, sizeof(double), err);
}

/* The matrix is made and factorised in every iteration. */
static int suits(const tw__problem *p, char why[TW__SOLVER_WHY])
{
    enum { CHEAP = 500 };
    snprintf(why, TW__SOLVER_WHY, "%zu weights and %llu rows", p->n,
             (unsigned long long)p->objective->n_rows);
    return p->objective->hessian && p->n <= CHEAP && p->n <= p->objective->n_rows;
}

static void destroy(tw__solver *s)
{
    state *h = s->state;
    const size_t n = s->problem.n;
    if (!h) return;
    tw__free(s->ctx, h->hessian, n * n, sizeof(double));
    tw__free(s->ctx, h->factor, n * n, sizeof(double));
    tw__free(s->ctx, h->d, n, sizeof(double));
    tw__free(s->ctx, h, 1, sizeof *h);
}

/* factor factor' = hessian + shift I, if that is positive definite. */
static int factorise(state *h, size_t n, double shift)
{
    memcpy(h->factor, h->hessian, n * n * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        double *row = h->factor + i * n;
        const double diagonal = row[i] + shift;
        for (size_t j = 0; j < i; j++) {
            const double *other = h->factor + j * n;
            row[j] = (row[j] - tw__dot(row, other, j)) / other[j];
        }
        row[i] = diagonal - tw__dot(row, row, i);
        if (!(row[i] > 1e-14 * diagonal)) return 0;
        row[i] = sqrt(row[i]);
    }
    return 1;
}

/* d = -(factor factor')^-1 g */
static void solve(state *h, const double *g, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h->d[i] = (-g[i] - tw__dot(h->factor + i * n, h->d, i)) / h->factor[i * n + i];
    for (size_t i = n; i-- > 0;) {
        h->d[i] /= h->factor[i * n + i];
        for (size_t j = 0; j < i; j++) h->d[j] -= h->factor[i * n + j] * h->d[i];
    }
}

/* The least shift that makes the Hessian positive definite, of powers of ten. */
static tw_status iterate(tw__solver *s, int *found, tw_error *err)
{
    state *h = s->state;
    const size_t n = s->problem.n;
    double largest = 0, shift = 0;
    TW_TRY(s->problem.hessian(s->problem.user, h->hessian, err));
    for (size_t i = 0; i < n; i++)
        if (h->hessian[i * n + i] > largest) largest = h->hessian[i * n + i];
    *found = 0;
    while (!factorise(h, n, shift * largest)) {
        shift = shift > 0 ? 10 * shift : 1e-12;
        if (shift > 10 || !(largest > 0)) return TW_OK;
    }
    solve(h, s->at.g, n);
    return tw__search(s, h->d, 1, found, err);
}

extern const tw__solver_type tw__solver_newton;
const tw__solver_type tw__solver_newton = {
    .about =
        {.size = sizeof(tw_solver),
         .name = "newton",
         .help = "Newton steps by the Hessian's Cholesky factor",
         .paper = "Nocedal & Wright 2006, 3.3; line search: Hager & Zhang 2005",
         .use = "Linear models with one output, a smooth loss and many more rows than columns, up to 2,000.",
         .equation =
             "H = X' D X / n + l2 I, without l2 for the bias; where that is singular, + s I with s = 1e-12, 1e-11, ... of its largest diagonal number\n"
             "w = w - a H^-1 g, with a by the strong Wolfe conditions (1e-4, 0.9)",
         .epochs = 1000},
    .create = create,
    .suits = suits,
    .free = destroy,
    .iterate = iterate,
};
