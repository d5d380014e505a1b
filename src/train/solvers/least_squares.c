/* least-squares: half squared errors with or without l2, solved by a factor of the Hessian or of the rows, or
 * where columns are many by conjugate gradients. Further iterations take away what rounding has left.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/triangle.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { AUTO, DIRECT, CG };
static const tw_option options[] = {
    {"method", TW_WORD, "auto direct cg", AUTO, AUTO, CG, TW_CLOSED,
     "direct: by a factor, up to 2000 columns; cg: conjugate gradients; auto: direct up to 500 columns"},
    {"cg_steps", TW_INT, NULL, 50, 1, 100000, TW_CLOSED, "of conjugate gradients in an iteration"},
};
enum { METHOD, CG_STEPS };
enum { FEW = 500, MOST = 2000 };

typedef struct state {
    tw__triangle triangle;
    double *d; /* the step */
    int is_cg, is_ready;
    int64_t was_ready; /* perhaps before the run was resumed */
    /* of conjugate gradients, where the intercept is always the best for the weights: a diagonal, the
     * residual, a direction, the product with it, the mean of each column, or NULL; r . r / scale before, 0:
     * none */
    double *scale, *r, *p, *hp, *means, size;
} state;

static size_t columns_of(const tw_glm *glm) { return glm->columns + (glm->intercept != 0); }

static int takes_cg(const tw__solver *s)
{
    const int method = (int)s->choice.values[METHOD];
    return method == CG || (method == AUTO && columns_of(s->problem.objective->glm) > FEW);
}

static tw_status takes(const tw__solver *s, tw_error *err)
{
    const tw_objective *o = s->problem.objective;
    if (!o->glm || !o->glm->is_squared)
        return tw__fail(err, TW_ERR_SPEC, "solver least-squares needs a linear model with the squared loss");
    if (o->glm->l1 > 0) return tw__fail(err, TW_ERR_SPEC, "solver least-squares takes no l1");
    if (takes_cg(s) ? o->hessian_times != NULL : columns_of(o->glm) <= MOST) return TW_OK;
    return takes_cg(s)
               ? tw__fail(err, TW_ERR_SPEC,
                          "solver least-squares by method=cg needs products with the Hessian")
               : tw__fail(err, TW_ERR_SPEC, "solver least-squares takes %d columns by method=direct, not %zu",
                          MOST, columns_of(o->glm));
}

static tw_status create(tw__solver *s, tw_error *err)
{
    state *l;
    TW_TRY(tw__solver_alloc(s, &l, 1, sizeof *l, err));
    s->state = l;
    l->is_cg = takes_cg(s);
    TW_TRY(tw__solver_alloc(s, &l->d, s->problem.n, sizeof(double), err));
    if (!l->is_cg) return TW_OK;
    double **const vectors[] = {&l->scale, &l->r, &l->p, &l->hp};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        TW_TRY(tw__solver_alloc(s, vectors[i], s->problem.n, sizeof(double), err));
    if (!s->problem.objective->glm->intercept) return TW_OK;
    return tw__solver_alloc(s, &l->means, s->problem.n, sizeof(double), err);
}

/* The squared loss needs no other solver: one step is the last. */
static int suits(const tw__problem *p, char why[TW__SOLVER_WHY])
{
    const tw__solver s = {.problem = *p};
    snprintf(why, TW__SOLVER_WHY, "the squared loss of %zu weights", p->n);
    return takes(&s, NULL) == TW_OK;
}

/* Of weights that are not determined. */
static void warn(const tw__solver *s, uint64_t rank, const char *what)
{
    const tw_glm *glm = s->problem.objective->glm;
    tw__log(s->ctx, TW_LOG_WARNING,
            "%zu columns have %s %llu: many weights are optimal, and these have the least norm", glm->columns,
            what, (unsigned long long)rank);
}

static tw_status go(tw__solver *s, const double *from, tw_error *err)
{
    const state *l = s->state;
    for (size_t i = 0; i < s->problem.n; i++) s->next.x[i] = from[i] + l->d[i];
    return tw__solver_evaluate(s, err);
}

/* All that is made once is there. A resumed run makes it again, which counts no gradients, as of `before`. */
static void be_ready(const tw__solver *s, state *l, uint64_t before)
{
    if (l->was_ready) *s->problem.gradients = before;
    l->is_ready = 1;
    l->was_ready = 1;
}

/* ---- conjugate gradients ------------------------------------------------------------------------------- */

/* The best intercepts of a step with these weights, from a gradient; NULL: of 0. */
static void set_intercepts(const tw__solver *s, const double *g, double *v)
{
    const state *l = s->state;
    const tw_glm *glm = s->problem.objective->glm;
    const size_t n = glm->columns, first = n * glm->outputs;
    for (size_t k = 0; l->means && k < glm->outputs; k++)
        v[first + k] = -(g ? g[first + k] : 0) - tw__dot(l->means, v + k * n, n);
}

/* The means of the columns are products of the Hessian with intercepts of 1. Its diagonal, less their
 * squares, scales the weights; but where these are many and without l2, nothing is scaled, so that steps stay
 * short. */
static tw_status prepare(tw__solver *s, state *l, tw_error *err)
{
    const tw_glm *glm = s->problem.objective->glm;
    const size_t n = glm->columns, weights = n * glm->outputs;
    const int is_wide = !(glm->l2 > 0) && n >= s->problem.objective->n_rows;
    TW_TRY(s->problem.diagonal(s->problem.user, l->hp, err));
    if (l->is_ready) return TW_OK;
    const uint64_t before = *s->problem.gradients;
    for (size_t i = 0; i < weights; i++) l->scale[i] = l->hp[i];
    if (l->means) {
        for (size_t i = 0; i < s->problem.n; i++) l->d[i] = i >= weights;
        TW_TRY(s->problem.times(s->problem.user, l->d, l->hp, err));
        memcpy(l->means, l->hp, n * sizeof *l->means);
    }
    for (size_t i = 0; i < weights; i++) {
        const double all = l->scale[i], mean = l->means ? l->means[i % n] : 0, left = all - mean * mean;
        l->scale[i] = is_wide || !(all > 0) ? 1 : left > 1e-12 * all ? left : 1e-12 * all;
    }
    if (is_wide) warn(s, s->problem.objective->n_rows, "a rank of at most");
    be_ready(s, l, before);
    return TW_OK;
}

/* A step along a direction that is conjugate to those before, until the residual is at most `goal`. A
 * direction along which the loss is flat but for rounding leads nowhere. */
static tw_status step(tw__solver *s, state *l, double goal, int *ended, tw_error *err)
{
    static const double flat = 1e-14;
    const tw_glm *glm = s->problem.objective->glm;
    const size_t weights = glm->columns * glm->outputs;
    double size = 0, all = 0;
    for (size_t i = 0; i < weights; i++) size += l->r[i] / l->scale[i] * l->r[i];
    for (size_t i = 0; i < weights; i++) {
        l->p[i] = l->r[i] / l->scale[i] + (l->size > 0 ? size / l->size * l->p[i] : 0);
        all += l->p[i] * l->scale[i] * l->p[i];
    }
    set_intercepts(s, NULL, l->p);
    l->size = size;
    TW_TRY(s->problem.times(s->problem.user, l->p, l->hp, err));
    const double curvature = tw__dot(l->p, l->hp, weights);
    *ended = !(curvature > flat * all);
    if (*ended) return TW_OK;
    tw__add_scaled(l->d, size / curvature, l->p, weights);
    tw__add_scaled(l->r, -size / curvature, l->hp, weights);
    *ended = sqrt(tw__dot(l->r, l->r, weights)) <= goal;
    return TW_OK;
}

/* From the gradient as it is, along the last directions of the iteration before. */
static tw_status by_conjugate_gradients(tw__solver *s, state *l, tw_error *err)
{
    const tw_glm *glm = s->problem.objective->glm;
    const size_t n = glm->columns, weights = n * glm->outputs;
    int ended = 0;
    TW_TRY(prepare(s, l, err));
    for (size_t i = 0; i < weights; i++) {
        l->r[i] = -s->at.g[i] + (l->means ? l->means[i % n] * s->at.g[weights + i / n] : 0);
        l->d[i] = 0;
    }
    const double tol = s->problem.stop == TW_RUN_STOP_GRAD ? s->problem.tol / 2 * s->progress.first_norm : 0,
                 rounding = 1e-13 * sqrt(tw__dot(l->r, l->r, weights));
    for (int i = 0; i < (int)s->choice.values[CG_STEPS] && !ended; i++)
        TW_TRY(step(s, l, tol > rounding ? tol : rounding, &ended, err));
    set_intercepts(s, s->at.g, l->d);
    return go(s, s->at.x, err);
}

/* ---- an iteration -------------------------------------------------------------------------------------- */

static tw_status make_triangle(tw__solver *s, state *l, tw_error *err)
{
    const uint64_t before = *s->problem.gradients;
    if (l->is_ready) return TW_OK;
    TW_TRY(tw__triangle_create(&l->triangle, s, err));
    if (l->triangle.rank < s->problem.objective->glm->columns) warn(s, l->triangle.rank, "rank");
    be_ready(s, l, before);
    return TW_OK;
}

/* A step, and one by what rounding has left of the gradient: where columns nearly depend on each other the
 * first is as inexact as if the rows were squared, and the second makes up for it. */
static tw_status by_triangle(tw__solver *s, state *l, tw_error *err)
{
    const tw_glm *glm = s->problem.objective->glm;
    TW_TRY(make_triangle(s, l, err));
    for (size_t k = 0; k < glm->outputs; k++) tw__triangle_step(&l->triangle, glm, k, s->at.g, l->d);
    TW_TRY(go(s, s->at.x, err));
    for (size_t k = 0; k < glm->outputs; k++) tw__triangle_step(&l->triangle, glm, k, s->next.g, l->d);
    return go(s, s->next.x, err);
}

static tw_status look(tw__solver *s, state *l, int *found, tw_error *err)
{
    const size_t n = s->problem.n;
    TW_TRY(l->is_cg ? by_conjugate_gradients(s, l, err) : by_triangle(s, l, err));
    *found = s->next.loss < s->at.loss || tw__dot(s->next.g, s->next.g, n) < tw__dot(s->at.g, s->at.g, n);
    return TW_OK;
}

static tw_status iterate(tw__solver *s, int *found, tw_error *err)
{
    state *l = s->state;
    const int has_directions = l->size > 0;
    TW_TRY(look(s, l, found, err));
    if (*found || !has_directions) return TW_OK;
    l->size = 0;
    return look(s, l, found, err);
}

static tw_status visit(tw__solver *s, tw_visitor *v, tw_error *err)
{
    state *l = s->state;
    const int64_t n = (int64_t)s->problem.n;
    TW_TRY(v->field(v, "solver.least-squares.was_ready", TW_I64, 0, NULL, &l->was_ready, err));
    if (!l->is_cg) return TW_OK;
    TW_TRY(v->field(v, "solver.least-squares.direction", TW_F64, 1, &n, l->p, err));
    return v->field(v, "solver.least-squares.size", TW_F64, 0, NULL, &l->size, err);
}

extern const tw__solver_type tw__solver_least_squares;
const tw__solver_type tw__solver_least_squares = {
    .about =
        {.size = sizeof(tw_solver),
         .name = "least-squares",
         .help = "the squared loss: exact by Cholesky or QR, conjugate gradients where columns are many",
         .paper =
             "Golub 1965 (QR); rank: Golub & Van Loan 2013, 5.5; refinement: Bjorck 1987; Hestenes & Stiefel "
             "1952",
         .use = "linear and ridge: done in a step or two, whatever the scales of the columns.",
         .equation =
             "direct: R' R = X' D X + l2 I, D: the rows' weights by their sum; R: the Cholesky factor, or where that\n"
             "     loses more than 6 digits made of the rows of sqrt(D) X by reflections (QR), never squared\n"
             "     w = w - (R' R)^+ g, twice, and again while |g| falls; of many optima the one nearest to the start\n"
             "cg:  p = r / M + p (r . r / M) / (r0 . r0 / M),  w = w + p (r . r / M) / (p . H p), r = -g\n"
             "     M: the diagonal of H = X' D X + l2 I without the means; I without l2 where rows are few\n"
             "b = the best for w, in each",
         .n_options = sizeof options / sizeof options[0],
         .options = options,
         .epochs = 1000},
    .takes = takes,
    .create = create,
    .suits = suits,
    .iterate = iterate,
    .visit = visit,
};
