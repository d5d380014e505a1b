/* newton: the Hessian, by rows, and its Cholesky factor.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include <stdio.h>
#include <string.h>

/* numbers of the Hessian: 2,000 weights in one block */
enum { MOST_NUMBERS = 4000000 };

typedef struct state {
    size_t blocks, width;   /* of the Hessian; weights of a block */
    double *hessian;        /* of all blocks */
    double *factor, *g, *d; /* of one */
    double *step;           /* of all weights */
} state;

static void set_blocks(const tw__problem *p, size_t *blocks, size_t *width)
{
    *blocks = p->objective->hessian_blocks ? p->objective->hessian_blocks : 1;
    *width = p->n / *blocks;
}

/* whether the Hessian has at most so many numbers */
static int is_within(const tw__problem *p, size_t most)
{
    size_t blocks, width, n;
    set_blocks(p, &blocks, &width);
    return tw__size_mul(width, width, &n) && tw__size_mul(n, blocks, &n) && n <= most;
}

static tw_status takes(const tw__solver *s, tw_error *err)
{
    TW_TRY(tw__solver_needs_smooth(s, err));
    if (!s->problem.objective->hessian)
        return tw__fail(err, TW_ERR_SPEC, "solver newton needs second derivatives, which linear models have");
    if (is_within(&s->problem, MOST_NUMBERS)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "solver newton takes Hessians of up to %d numbers (2,000 weights; of models one against "
                    "the rest a square for each class), and there are %zu weights",
                    MOST_NUMBERS, s->problem.n);
}

static tw_status create(tw__solver *s, tw_error *err)
{
    state *h;
    TW_TRY(tw__solver_alloc(s, &h, 1, sizeof *h, err));
    s->state = h;
    set_blocks(&s->problem, &h->blocks, &h->width);
    const size_t square = h->width * h->width;
    TW_TRY(tw__solver_alloc(s, &h->hessian, h->blocks * square, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &h->factor, square, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &h->g, h->width, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &h->d, h->width, sizeof(double), err));
    return tw__solver_alloc(s, &h->step, s->problem.n, sizeof(double), err);
}

/* The matrix is made and factorised in every iteration. */
static int suits(const tw__problem *p, char why[TW__SOLVER_WHY])
{
    enum { CHEAP = 250000 };
    snprintf(why, TW__SOLVER_WHY, "%zu weights and %llu rows", p->n,
             (unsigned long long)p->objective->n_rows);
    return p->objective->hessian && !p->objective->kinks && is_within(p, CHEAP) &&
           p->n <= p->objective->n_rows;
}

/* factor factor' = the block + shift I, if that is positive definite. */
static int factorise(state *h, const double *block, double shift)
{
    memcpy(h->factor, block, h->width * h->width * sizeof(double));
    return tw__cholesky(h->factor, h->width, shift, 1e-14);
}

/* d = -(factor factor')^-1 g */
static void solve(state *h)
{
    const size_t n = h->width;
    for (size_t i = 0; i < n; i++)
        h->d[i] = (-h->g[i] - tw__dot(h->factor + i * n, h->d, i)) / h->factor[i * n + i];
    for (size_t i = n; i-- > 0;) {
        h->d[i] /= h->factor[i * n + i];
        for (size_t j = 0; j < i; j++) h->d[j] -= h->factor[i * n + j] * h->d[i];
    }
}

/* Copies block k's slices of the tensors out of all weights, or into them. */
static void copy_slices(const tw__solver *s, const state *h, size_t k, double *block, double *all, int out)
{
    const tw_objective *o = s->problem.objective;
    for (size_t i = 0; i < o->n_tensors; i++) {
        const size_t end = i + 1 < o->n_tensors ? o->tensors[i + 1].offset : s->problem.n,
                     n = (end - o->tensors[i].offset) / h->blocks;
        double *slice = all + o->tensors[i].offset + k * n;
        memcpy(out ? block : slice, out ? slice : block, n * sizeof *block);
        block += n;
    }
}

/* With the least shift that makes the block positive definite, of powers of ten. *solved: there is one. */
static void solve_block(tw__solver *s, state *h, size_t k, int *solved)
{
    const size_t n = h->width;
    const double *block = h->hessian + k * n * n;
    double largest = 0, shift = 0;
    for (size_t i = 0; i < n; i++)
        if (block[i * n + i] > largest) largest = block[i * n + i];
    while (!factorise(h, block, shift * largest)) {
        shift = shift > 0 ? 10 * shift : 1e-12;
        *solved = !(shift > 10) && largest > 0;
        if (!*solved) return;
    }
    copy_slices(s, h, k, h->g, s->at.g, 1);
    solve(h);
    copy_slices(s, h, k, h->d, h->step, 0);
}

static tw_status step_by(tw__solver *s, unsigned share, int *found, tw_error *err)
{
    state *h = s->state;
    int solved = 1;
    TW_TRY(s->problem.hessian(s->problem.user, share, h->hessian, err));
    for (size_t k = 0; k < h->blocks && solved; k++) solve_block(s, h, k, &solved);
    *found = 0;
    return solved ? tw__search(s, h->step, 1, 0.9, found, err) : TW_OK;
}

/* On the way a Hessian of one in 8, 4 or 2 rows does, if these are many for each weight: not at the start,
 * from where a quadratic loss takes one step, nor near the optimum. */
static unsigned share_of(const tw__solver *s)
{
    enum { SHARE = 8, PER_WEIGHT = 64 };
    static const double near = 1e-3;
    const tw__progress *p = &s->progress;
    const state *h = s->state;
    const int is_on_way = p->norm < p->first_norm && p->norm > near * p->first_norm;
    unsigned share = is_on_way ? SHARE : 1;
    while (share > 1 && s->problem.objective->n_rows / (share * PER_WEIGHT) < h->width) share /= 2;
    return share;
}

static tw_status iterate(tw__solver *s, int *found, tw_error *err)
{
    const unsigned share = share_of(s);
    TW_TRY(step_by(s, share, found, err));
    return *found || share == 1 ? TW_OK : step_by(s, 1, found, err);
}

extern const tw__solver_type tw__solver_newton;
const tw__solver_type tw__solver_newton = {
    .about =
        {.size = sizeof(tw_solver),
         .name = "newton",
         .help = "Newton steps by the Hessian's Cholesky factor",
         .paper = "Nocedal & Wright 2006, 3.3; line search: Hager & Zhang 2005",
         .use =
             "Linear models with a smooth loss and many more rows than columns, up to 2,000 weights (one against the rest: for each of 4 classes 1,000).",
         .equation =
             "H = X' D X / n + l2 I, without l2 for the bias, one for each class if they are apart; where that is singular, + s I with s = 1e-12, 1e-11, ... of its largest diagonal number;\n"
             "  of one in 8, 4 or 2 rows where these are 64 for each weight and |g| is from 1e-3 of the first on\n"
             "w = w - a H^-1 g, with a by the strong Wolfe conditions (1e-4, 0.9)",
         .epochs = 1000},
    .takes = takes,
    .create = create,
    .suits = suits,
    .iterate = iterate,
};
