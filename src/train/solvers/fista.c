/* fista: gradient steps with momentum and the proximal step of l1.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include <math.h>
#include <string.h>

typedef struct state {
    double *y, *last;         /* where the gradient is taken; the point before s->at */
    double *g, *g_next, *way; /* smooth gradients there and at the next point; from y to that */
    double numbers[2];        /* the momentum t, 0: none so far; the curvature L */
} state;
enum { MOMENTUM, CURVATURE };

static tw_status takes(const tw__solver *s, tw_error *err)
{
    const tw_objective *o = s->problem.objective;
    if (!o->kinks || (o->glm && !o->glm->kinks)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "solver %s takes l1, but no other kinks, such as %s",
                    s->type->about.name, o->glm ? o->glm->kinks : o->kinks);
}

static tw_status create(tw__solver *s, tw_error *err)
{
    state *f;
    TW_TRY(tw__solver_alloc(s, &f, 1, sizeof *f, err));
    s->state = f;
    double **const vectors[] = {&f->y, &f->last, &f->g, &f->g_next, &f->way};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        TW_TRY(tw__solver_alloc(s, vectors[i], s->problem.n, sizeof(double), err));
    return TW_OK;
}

/* y = at + (t before - 1) / t (at - last), and the smooth gradient there. */
static tw_status look_ahead(tw__solver *s, tw_error *err)
{
    state *f = s->state;
    const double was = f->numbers[MOMENTUM], t = was > 0 ? (1 + sqrt(1 + 4 * was * was)) / 2 : 1,
                 by = was > 0 ? (was - 1) / t : 0;
    for (size_t i = 0; i < s->problem.n; i++)
        s->next.x[i] = s->at.x[i] + (by != 0 ? by * (s->at.x[i] - f->last[i]) : 0);
    TW_TRY(tw__solver_evaluate(s, err));
    memcpy(f->y, s->next.x, s->problem.n * sizeof *f->y);
    f->numbers[MOMENTUM] = t;
    s->problem.smooth_gradient(s->problem.user, f->g);
    return TW_OK;
}

/* The proximal step of length 1 / L from y. */
static tw_status step(tw__solver *s, tw_error *err)
{
    state *f = s->state;
    const tw_glm *glm = s->problem.objective->glm;
    const double by = 1 / f->numbers[CURVATURE], l1 = glm ? by * glm->l1 : 0;
    const size_t penalised = l1 > 0 ? glm->outputs * glm->columns : 0;
    for (size_t i = 0; i < s->problem.n; i++) {
        const double x = f->y[i] - by * f->g[i];
        s->next.x[i] = i < penalised ? tw__soft(x, l1) : x;
    }
    TW_TRY(tw__solver_evaluate(s, err));
    s->problem.smooth_gradient(s->problem.user, f->g_next);
    for (size_t i = 0; i < s->problem.n; i++) {
        f->way[i] = s->next.x[i] - f->y[i];
        f->g_next[i] -= f->g[i];
    }
    return TW_OK;
}

/* Whether the gradient changes along the step no faster than by L; by gradients, since losses differ by less
 * than their rounding near the optimum. */
static int is_short(const tw__solver *s)
{
    const state *f = s->state;
    const size_t n = s->problem.n;
    return isfinite(s->next.loss) &&
           tw__dot(f->g_next, f->way, n) <= f->numbers[CURVATURE] * tw__dot(f->way, f->way, n) * (1 + 1e-9);
}

/* The step turns back from the way that the momentum takes. */
static int turns_back(const tw__solver *s)
{
    const state *f = s->state;
    double sum = 0;
    for (size_t i = 0; i < s->problem.n; i++) sum -= f->way[i] * (s->next.x[i] - s->at.x[i]);
    return sum > 0;
}

static tw_status iterate(tw__solver *s, int *found, tw_error *err)
{
    enum { MOST_TRIALS = 100 };
    static const double shrink = 0.9, grow = 2;
    state *f = s->state;
    double *const curvature = &f->numbers[CURVATURE];
    TW_TRY(look_ahead(s, err));
    *curvature = *curvature > 0 ? shrink * *curvature : s->progress.norm / 100;
    *found = 0;
    for (int i = 0; i < MOST_TRIALS && !*found; i++) {
        TW_TRY(step(s, err));
        *found = is_short(s);
        if (!*found) *curvature *= grow;
    }
    if (turns_back(s) || s->next.loss > s->at.loss) f->numbers[MOMENTUM] = 0;
    memcpy(f->last, s->at.x, s->problem.n * sizeof *f->last);
    return TW_OK;
}

static tw_status visit(tw__solver *s, tw_visitor *v, tw_error *err)
{
    state *f = s->state;
    const int64_t n = (int64_t)s->problem.n, two = 2;
    TW_TRY(v->field(v, "solver.fista.last", TW_F64, 1, &n, f->last, err));
    return v->field(v, "solver.fista.numbers", TW_F64, 1, &two, f->numbers, err);
}

extern const tw__solver_type tw__solver_fista;
const tw__solver_type tw__solver_fista = {
    .about =
        {.size = sizeof(tw_solver),
         .name = "fista",
         .help = "accelerated proximal gradient steps, for smooth losses with or without l1",
         .paper = "Beck & Teboulle 2009, (4.1) to (4.3); restart: O'Donoghue & Candes 2015, 3.2; step "
                  "length: Becker, Candes & Grant 2011, 5.3",
         .use = "l1 where coordinate-descent does not take the loss (softmax), or where memory is short.",
         .equation =
             "w = S(y - g(y) / L, l1 / L), S(x, t) = sign(x) max(|x| - t, 0), g: the smooth part's gradient\n"
             "t' = (1 + sqrt(1 + 4 t^2)) / 2, y = w + (t - 1) / t' (w - w before)\n"
             "L = 0.9 L, doubled until (g(w) - g(y)) . (w - y) <= L |w - y|^2\n"
             "t = 1 where (y - w) . (w - w before) > 0 or the loss has risen",
         .epochs = 1000},
    .takes = takes,
    .create = create,
    .iterate = iterate,
    .visit = visit,
};
