/* lbfgs: the inverse Hessian from the last few steps and what they did to the gradient.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const tw_option options[] = {
    {"memory", TW_INT, NULL, 10, 1, 1000, TW_CLOSED, "steps that are remembered, two vectors each"},
};
enum { MEMORY };

typedef struct state {
    size_t most, n;
    double *steps, *changes; /* `most` vectors each, the oldest first */
    double *products;        /* of each step with its change */
    double *factors, *d;     /* room for a direction */
} state;

static size_t vectors(const tw__solver *s) { return (size_t)s->choice.values[MEMORY]; }

static tw_status create(tw__solver *s, tw_error *err)
{
    state *l;
    size_t all;
    TW_TRY(tw__solver_needs_smooth(s, err));
    TW_TRY(tw__alloc(s->ctx, &l, 1, sizeof *l, err));
    s->state = l;
    l->most = vectors(s);
    if (!tw__size_mul(l->most, s->problem.n, &all))
        return tw__fail(err, TW_ERR_MEMORY, "lbfgs: %zu steps of %zu weights are too many", l->most,
                        s->problem.n);
    TW_TRY(tw__alloc(s->ctx, &l->steps, all, sizeof(double), err));
    TW_TRY(tw__alloc(s->ctx, &l->changes, all, sizeof(double), err));
    TW_TRY(tw__alloc(s->ctx, &l->products, l->most, sizeof(double), err));
    TW_TRY(tw__alloc(s->ctx, &l->factors, l->most, sizeof(double), err));
    return tw__alloc(s->ctx, &l->d, s->problem.n, sizeof(double), err);
}

static void destroy(tw__solver *s)
{
    state *l = s->state;
    if (!l) return;
    const size_t all = l->most * s->problem.n;
    tw__free(s->ctx, l->steps, all, sizeof(double));
    tw__free(s->ctx, l->changes, all, sizeof(double));
    tw__free(s->ctx, l->products, l->most, sizeof(double));
    tw__free(s->ctx, l->factors, l->most, sizeof(double));
    tw__free(s->ctx, l->d, s->problem.n, sizeof(double));
    tw__free(s->ctx, l, 1, sizeof *l);
}

/* d = -H g: the two loops over the remembered steps, newest to oldest and back. */
static void set_direction(const tw__solver *s, state *l)
{
    const size_t n = s->problem.n;
    for (size_t i = 0; i < n; i++) l->d[i] = -s->at.g[i];
    for (size_t k = l->n; k-- > 0;) {
        l->factors[k] = tw__dot(l->steps + k * n, l->d, n) / l->products[k];
        tw__add_scaled(l->d, -l->factors[k], l->changes + k * n, n);
    }
    if (l->n) {
        const double *newest = l->changes + (l->n - 1) * n,
                     scale = l->products[l->n - 1] / tw__dot(newest, newest, n);
        for (size_t i = 0; i < n; i++) l->d[i] *= scale;
    }
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
    for (size_t i = 0; i < n; i++) {
        step[i] = s->next.x[i] - s->at.x[i];
        change[i] = s->next.g[i] - s->at.g[i];
    }
    l->products[l->n] = tw__dot(step, change, n);
    l->n += l->products[l->n] > DBL_EPSILON * tw__dot(change, change, n);
}

/* The first step, of which nothing is known, moves by 1 at most. */
static tw_status search(tw__solver *s, state *l, int *found, tw_error *err)
{
    set_direction(s, l);
    const double norm = s->progress.norm;
    return tw__search(s, l->d, l->n || norm < 1 ? 1 : 1 / norm, found, err);
}

static tw_status iterate(tw__solver *s, int *found, tw_error *err)
{
    state *l = s->state;
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
    TW_TRY(v->field(v, "solver.lbfgs.n", TW_I64, 0, NULL, &count, err));
    if (count < 0 || count > most)
        return tw__fail(err, TW_ERR_DATA, "the stored lbfgs remembers %lld steps of at most %lld",
                        (long long)count, (long long)most);
    l->n = (size_t)count;
    return TW_OK;
}

/* Any problem. */
static int suits(const tw__problem *p, char why[TW__SOLVER_WHY])
{
    snprintf(why, TW__SOLVER_WHY, "%zu weights and no second derivatives", p->n);
    return 1;
}

extern const tw__solver_type tw__solver_lbfgs;
const tw__solver_type tw__solver_lbfgs = {
    .about = {.size = sizeof(tw_solver),
              .name = "lbfgs",
              .help = "quasi-Newton steps from the last few gradients",
              .paper = "Liu & Nocedal 1989; line search: Hager & Zhang 2005",
              .use = "Any smooth loss on data in memory, above all linear models with many columns.",
              .equation =
                  "d = -H g, where H begins as the newest (s . y / y . y) I and then, oldest to newest,\n"
                  "H = (I - s y' / s . y) H (I - y s' / s . y) + s s' / s . y\n"
                  "w = w + a d, with a by the strong Wolfe conditions (1e-4, 0.9)\n"
                  "s = the step, y = the change of g over it, of the last `memory` steps",
              .n_options = sizeof options / sizeof options[0],
              .options = options,
              .epochs = 1000},
    .create = create,
    .suits = suits,
    .free = destroy,
    .iterate = iterate,
    .visit = visit,
};
