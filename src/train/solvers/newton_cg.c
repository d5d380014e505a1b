/* newton-cg: Newton steps by conjugate gradients, which need products with the Hessian and no matrix, as long
 * as the quadratic model is trusted.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include <math.h>
#include <stdio.h>

static const tw_option options[] = {
    {"cg_tol", TW_REAL, NULL, 0.3, 0, 1, TW_OPEN,
     "a system is solved until its residual is this part of the gradient"},
    {"cg_most", TW_INT, NULL, 200, 1, 100000, TW_CLOSED,
     "products with the Hessian in one iteration, at most"},
};
enum { CG_TOL, CG_MOST };

enum { MOST_TRIALS = 60 };

typedef struct state {
    double *scale;          /* the preconditioner, a diagonal */
    double *d, *r, *p, *hp; /* step, residual -g - H d, conjugate direction, H p */
    double radius;          /* of the region, in the norm of scale; 0: not known yet */
} state;

static tw_status takes(const tw__solver *s, tw_error *err)
{
    TW_TRY(tw__solver_needs_smooth(s, err));
    if (s->problem.objective->hessian_times) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "solver newton-cg needs second derivatives, which linear models have");
}

static tw_status create(tw__solver *s, tw_error *err)
{
    state *t;
    TW_TRY(tw__solver_alloc(s, &t, 1, sizeof *t, err));
    s->state = t;
    double **const vectors[] = {&t->scale, &t->d, &t->r, &t->p, &t->hp};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        TW_TRY(tw__solver_alloc(s, vectors[i], s->problem.n, sizeof(double), err));
    return TW_OK;
}

/* sum scale[i] a[i] b[i], or divided by scale */
static double scaled_dot(const state *t, const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += t->scale[i] * a[i] * b[i];
    return sum;
}

static double unscaled_dot(const state *t, const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] / t->scale[i] * b[i];
    return sum;
}

/* How far along p the region's edge is from d inside of it. */
static double to_edge(const state *t, size_t n)
{
    if (!(t->radius > 0)) return INFINITY;
    const double dd = scaled_dot(t, t->d, t->d, n), dp = scaled_dot(t, t->d, t->p, n),
                 pp = scaled_dot(t, t->p, t->p, n), rest = t->radius * t->radius - dd,
                 root = sqrt(dp * dp + pp * rest);
    return dp >= 0 ? rest / (dp + root) : (root - dp) / pp;
}

/* d: the model's minimum by Steihaug's conjugate gradients, or where they leave the region; r = -g - H d. */
static tw_status solve(tw__solver *s, state *t, double tol, int *at_edge, tw_error *err)
{
    const size_t n = s->problem.n;
    const int most = (int)s->choice.values[CG_MOST];
    for (size_t i = 0; i < n; i++) {
        t->d[i] = 0;
        t->r[i] = -s->at.g[i];
        t->p[i] = t->r[i] / t->scale[i];
    }
    double size = unscaled_dot(t, t->r, t->r, n), goal = tol * tol * size;
    *at_edge = 0;
    for (int k = 0; k < most && size > goal; k++) {
        TW_TRY(s->problem.times(s->problem.user, t->p, t->hp, err));
        const double curvature = tw__dot(t->p, t->hp, n), edge = to_edge(t, n);
        double length = size / curvature;
        *at_edge = !(curvature > 0) || length >= edge;
        if (*at_edge) length = isinf(edge) ? 1 : edge;
        tw__add_scaled(t->d, length, t->p, n);
        tw__add_scaled(t->r, -length, t->hp, n);
        if (*at_edge) return TW_OK;
        const double was = size;
        size = unscaled_dot(t, t->r, t->r, n);
        for (size_t i = 0; i < n; i++) t->p[i] = t->r[i] / t->scale[i] + size / was * t->p[i];
    }
    return TW_OK;
}

/* By how much the step lowered the loss: where that is as small as rounding, by the slopes at both ends. */
static double decrease_of(const tw__solver *s, const state *t, double predicted)
{
    const double rounding = 1e-10;
    if (predicted > rounding * fabs(s->at.loss)) return s->at.loss - s->next.loss;
    return -(tw__dot(s->at.g, t->d, s->problem.n) + tw__dot(s->next.g, t->d, s->problem.n)) / 2;
}

static double between(double low, double x, double high) { return x < low ? low : x > high ? high : x; }

/* The rules of Lin & More for the radius, by how well the model foretold the loss; length: of the step. */
static void set_radius(state *t, double length, double slope, double actual, double predicted, int at_edge)
{
    const double excess = -actual - slope; /* of the loss over the tangent */
    const double factor = excess <= 0 ? 4 : between(0.25, -slope / (2 * excess), 4), wanted = factor * length;
    const double radius = t->radius > 0 ? t->radius : length;
    if (!isfinite(actual)) t->radius = length / 4;
    else if (actual < 1e-4 * predicted) t->radius = wanted < radius / 2 ? wanted : radius / 2;
    else if (actual < 0.25 * predicted) t->radius = between(radius / 4, wanted, radius / 2);
    else if (actual < 0.75 * predicted) t->radius = between(radius / 4, wanted, 4 * radius);
    else t->radius = at_edge ? 4 * radius : between(radius, wanted, 4 * radius);
}

static tw_status iterate(tw__solver *s, int *found, tw_error *err)
{
    state *t = s->state;
    const size_t n = s->problem.n;
    *found = 0;
    TW_TRY(tw__solver_scale(s, t->scale, err));
    for (int i = 0; i < MOST_TRIALS && !*found; i++) {
        int at_edge;
        TW_TRY(solve(s, t, s->choice.values[CG_TOL], &at_edge, err));
        const double slope = tw__dot(s->at.g, t->d, n), predicted = (tw__dot(t->d, t->r, n) - slope) / 2;
        if (!(predicted > 0)) return TW_OK;
        for (size_t j = 0; j < n; j++) s->next.x[j] = s->at.x[j] + t->d[j];
        TW_TRY(tw__solver_evaluate(s, err));
        const double actual = decrease_of(s, t, predicted);
        set_radius(t, sqrt(scaled_dot(t, t->d, t->d, n)), slope, actual, predicted, at_edge);
        *found = actual > 1e-4 * predicted;
    }
    return TW_OK;
}

static tw_status visit(tw__solver *s, tw_visitor *v, tw_error *err)
{
    state *t = s->state;
    TW_TRY(v->field(v, "solver.newton-cg.radius", TW_F64, 0, NULL, &t->radius, err));
    if (t->radius >= 0 && isfinite(t->radius)) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "the stored newton-cg has a radius of %g", t->radius);
}

/* Products are cheap beside gradients that a line search would need. */
static int suits(const tw__problem *p, char why[TW__SOLVER_WHY])
{
    snprintf(why, TW__SOLVER_WHY, "%zu weights, too many for a matrix of second derivatives", p->n);
    return p->objective->hessian_times && !p->objective->kinks;
}

extern const tw__solver_type tw__solver_newton_cg;
const tw__solver_type tw__solver_newton_cg = {
    .about =
        {.size = sizeof(tw_solver),
         .name = "newton-cg",
         .help = "Newton steps by conjugate gradients within a trust region",
         .paper = "Lin, Weng & Keerthi 2008, algorithm 2 (TRON); Steihaug 1983; Hsia, Chiang & Lin 2018",
         .use = "Linear models with a smooth loss and many columns: it needs no matrix.",
         .equation =
             "d = about the minimum of g . d + d . H d / 2 with |d|_M <= radius, by conjugate gradients\n"
             "  preconditioned by M = 0.7 min(diag H) I + 0.3 diag H, until |g + H d| <= cg_tol |g|\n"
             "w = w + d, if the loss falls by 1e-4 of what the model foretold; the radius follows how\n"
             "  well it foretold it",
         .n_options = sizeof options / sizeof options[0],
         .options = options,
         .epochs = 1000},
    .takes = takes,
    .create = create,
    .suits = suits,
    .iterate = iterate,
    .visit = visit,
};
