/* lbfgs: the inverse Hessian from the last few steps and what they did to the gradient.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const tw_option options[] = {
    {"memory", TW_INT, NULL, 20, 1, 1000, TW_CLOSED, "steps that are remembered, two vectors each"},
};
enum { MEMORY };

typedef struct state {
    size_t most, n;
    double *steps, *changes; /* `most` vectors each, the oldest first */
    double *products;        /* of each step with its change */
    double *scale;           /* tw__solver_scale at the start; 0: not known yet */
    double *smooth;          /* gradient without l1 where the solver stands; NULL: there is no l1 */
    double *factors, *d;     /* scratch of a direction */
} state;

static size_t vectors(const tw__solver *s) { return (size_t)s->choice.values[MEMORY]; }

static tw_status takes(const tw__solver *s, tw_error *err)
{
    return tw__solver_has_l1(&s->problem) ? TW_OK : tw__solver_needs_smooth(s, err);
}

static tw_status create(tw__solver *s, tw_error *err)
{
    state *l;
    size_t all;
    const int has_l1 = tw__solver_has_l1(&s->problem);
    TW_TRY(tw__solver_alloc(s, &l, 1, sizeof *l, err));
    s->state = l;
    l->most = vectors(s);
    if (!tw__size_mul(l->most, s->problem.n, &all))
        return tw__fail(err, TW_ERR_MEMORY, "lbfgs: %zu steps of %zu weights are too many", l->most,
                        s->problem.n);
    TW_TRY(tw__solver_alloc(s, &l->steps, all, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &l->changes, all, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &l->products, l->most, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &l->factors, l->most, sizeof(double), err));
    if (has_l1) TW_TRY(tw__solver_alloc(s, &l->smooth, s->problem.n, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &l->scale, s->problem.n, sizeof(double), err));
    return tw__solver_alloc(s, &l->d, s->problem.n, sizeof(double), err);
}

/* d = -H g: the two loops over the remembered steps, newest to oldest and back. */
static void set_direction(const tw__solver *s, state *l)
{
    const size_t n = s->problem.n;
    double size = 1;
    for (size_t i = 0; i < n; i++) l->d[i] = -s->at.g[i];
    for (size_t k = l->n; k-- > 0;) {
        l->factors[k] = tw__dot(l->steps + k * n, l->d, n) / l->products[k];
        tw__add_scaled(l->d, -l->factors[k], l->changes + k * n, n);
    }
    if (l->n) {
        const double *newest = l->changes + (l->n - 1) * n;
        double square = 0;
        for (size_t i = 0; i < n; i++) square += newest[i] * newest[i] / l->scale[i];
        size = l->products[l->n - 1] / square;
    }
    for (size_t i = 0; i < n; i++) l->d[i] *= size / l->scale[i];
    for (size_t k = 0; k < l->n; k++) {
        const double back = tw__dot(l->changes + k * n, l->d, n) / l->products[k];
        tw__add_scaled(l->d, l->factors[k] - back, l->steps + k * n, n);
    }
}

/* Remembers the step to s->next, unless the gradient does not rise along it. */
static void remember(const tw__solver *s, state *l)
{
    const size_t n = s->problem.n;
    if (l->n == l->most) {
        memmove(l->steps, l->steps + n, (l->n - 1) * n * sizeof(double));
        memmove(l->changes, l->changes + n, (l->n - 1) * n * sizeof(double));
        memmove(l->products, l->products + 1, (l->n - 1) * sizeof(double));
        l->n--;
    }
    double *step = l->steps + l->n * n, *change = l->changes + l->n * n;
    const double *was = l->smooth ? l->smooth : s->at.g;
    if (l->smooth) s->problem.smooth_gradient(s->problem.user, change);
    else memcpy(change, s->next.g, n * sizeof *change);
    for (size_t i = 0; i < n; i++) {
        const double now = change[i];
        step[i] = s->next.x[i] - s->at.x[i];
        change[i] -= was[i];
        if (l->smooth) l->smooth[i] = now;
    }
    l->products[l->n] = tw__dot(step, change, n);
    l->n += l->products[l->n] > DBL_EPSILON * tw__dot(change, change, n);
}

/* The first step, of which nothing is known, moves by 1 at most. */
static tw_status search(tw__solver *s, state *l, int *found, tw_error *err)
{
    set_direction(s, l);
    if (l->smooth) tw__orthant_project(s, l->d);
    const double norm = sqrt(tw__dot(l->d, l->d, s->problem.n));
    const double first = l->n || norm < 1 ? 1 : 1 / norm;
    return l->smooth ? tw__orthant_search(s, l->d, first, found, err)
                     : tw__search(s, l->d, first, 0.9, found, err);
}

static tw_status iterate(tw__solver *s, int *found, tw_error *err)
{
    state *l = s->state;
    if (l->scale[0] == 0) {
        /* the point is the one that was last evaluated */
        if (l->smooth) s->problem.smooth_gradient(s->problem.user, l->smooth);
        TW_TRY(tw__solver_scale(s, l->scale, err));
    }
    TW_TRY(search(s, l, found, err));
    if (!*found && l->n) {
        l->n = 0;
        TW_TRY(search(s, l, found, err));
    }
    if (*found) remember(s, l);
    return TW_OK;
}

static tw_status visit(tw__solver *s, tw_visitor *v, tw_error *err)
{
    state *l = s->state;
    int64_t count = (int64_t)l->n, most = (int64_t)l->most, shape[] = {most, (int64_t)s->problem.n};
    TW_TRY(v->field(v, "solver.lbfgs.steps", TW_F64, 2, shape, l->steps, err));
    TW_TRY(v->field(v, "solver.lbfgs.changes", TW_F64, 2, shape, l->changes, err));
    TW_TRY(v->field(v, "solver.lbfgs.products", TW_F64, 1, &most, l->products, err));
    TW_TRY(v->field(v, "solver.lbfgs.scale", TW_F64, 1, shape + 1, l->scale, err));
    if (l->smooth) TW_TRY(v->field(v, "solver.lbfgs.smooth", TW_F64, 1, shape + 1, l->smooth, err));
    TW_TRY(v->field(v, "solver.lbfgs.n", TW_I64, 0, NULL, &count, err));
    if (count < 0 || count > most)
        return tw__fail(err, TW_ERR_DATA, "the stored lbfgs remembers %lld steps of at most %lld",
                        (long long)count, (long long)most);
    l->n = (size_t)count;
    return TW_OK;
}

/* Any problem without kinks but those of l1. */
static int suits(const tw__problem *p, char why[TW__SOLVER_WHY])
{
    snprintf(why, TW__SOLVER_WHY, "%s %zu weights",
             p->objective->kinks ? "l1 and" : "no second derivatives and", p->n);
    return !p->objective->kinks || tw__solver_has_l1(p);
}

extern const tw__solver_type tw__solver_lbfgs;
const tw__solver_type tw__solver_lbfgs = {
    .about =
        {.size = sizeof(tw_solver),
         .name = "lbfgs",
         .help = "quasi-Newton steps from the last few gradients",
         .paper =
             "Liu & Nocedal 1989; line search: Hager & Zhang 2005; l1: Andrew & Gao 2007 (OWL-QN), algorithm 1",
         .use = "Any smooth loss on data in memory, above all linear models with many columns.",
         .equation =
             "d = -H g, where H begins as the newest (s . y / y . M y) M, M 1 over a mixture of the Hessian's\n"
             "  diagonal at the start with its least number, or I, and then, oldest to newest,\n"
             "H = (I - s y' / s . y) H (I - y s' / s . y) + s s' / s . y\n"
             "w = w + a d, with a by the strong Wolfe conditions (1e-4, 0.9)\n"
             "s = the step, y = the change of g over it, of the last `memory` steps\n"
             "l1: g is the subgradient of least size, y without l1; numbers of d that do not have the\n"
             "  opposite sign of g's are 0, weights stop at 0, a = 1, 1/2, 1/4 ... until f falls by 1e-4 g . s",
         .n_options = sizeof options / sizeof options[0],
         .options = options,
         .epochs = 1000},
    .takes = takes,
    .create = create,
    .suits = suits,
    .iterate = iterate,
    .visit = visit,
};
