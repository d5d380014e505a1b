/* cg: nonlinear conjugate gradients, which remember one direction.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include <math.h>

enum { FR, PR, HS };
static const tw_option options[] = {
    {"beta", TW_WORD, "fr pr hs", PR, FR, HS, TW_CLOSED,
     "how much of the last direction is kept: Fletcher-Reeves, Polak-Ribiere (pr+) or Hestenes-Stiefel"},
};
enum { BETA };

typedef struct state {
    double *scale; /* tw__solver_scale at the start; 0: not known yet */
    double *d;     /* of the next step */
    double work;   /* length times slope of the last step; 0: there is none */
} state;

static tw_status create(tw__solver *s, tw_error *err)
{
    state *c;
    TW_TRY(tw__solver_alloc(s, &c, 1, sizeof *c, err));
    s->state = c;
    TW_TRY(tw__solver_alloc(s, &c->scale, s->problem.n, sizeof(double), err));
    return tw__solver_alloc(s, &c->d, s->problem.n, sizeof(double), err);
}

/* d = -g / scale, as if there had been no step. */
static void restart(const tw__solver *s, state *c)
{
    for (size_t i = 0; i < s->problem.n; i++) c->d[i] = -s->at.g[i] / c->scale[i];
    c->work = 0;
}

static tw_status search(tw__solver *s, state *c, int *found, tw_error *err)
{
    const double slope = tw__dot(s->at.g, c->d, s->problem.n), norm = sqrt(tw__dot(c->d, c->d, s->problem.n));
    const double first = c->work < 0 ? c->work / slope : norm > 1 ? 1 / norm : 1;
    return tw__search(s, c->d, first, 0.1, found, err);
}

/* How much of d the next direction keeps. */
static double beta_of(const tw__solver *s, const state *c)
{
    const double *was = s->at.g, *now = s->next.g;
    double square = 0, change = 0, last = 0, along = 0;
    for (size_t i = 0; i < s->problem.n; i++) {
        square += now[i] * now[i] / c->scale[i];
        change += now[i] * (now[i] - was[i]) / c->scale[i];
        last += was[i] * was[i] / c->scale[i];
        along += c->d[i] * (now[i] - was[i]);
    }
    const int which = (int)s->choice.values[BETA];
    if (fabs(square - change) >= 0.2 * square) return 0;
    const double beta = which == FR ? square / last : which == PR ? change / last : change / along;
    return beta > 0 && isfinite(beta) ? beta : 0;
}

static void set_direction(const tw__solver *s, state *c)
{
    const double beta = beta_of(s, c), slope = tw__dot(s->at.g, c->d, s->problem.n);
    double moved = 0;
    for (size_t i = 0; i < s->problem.n; i++) moved += (s->next.x[i] - s->at.x[i]) * c->d[i];
    c->work = moved / tw__dot(c->d, c->d, s->problem.n) * slope;
    for (size_t i = 0; i < s->problem.n; i++) c->d[i] = beta * c->d[i] - s->next.g[i] / c->scale[i];
}

static tw_status iterate(tw__solver *s, int *found, tw_error *err)
{
    state *c = s->state;
    *found = 0;
    if (c->scale[0] == 0) {
        TW_TRY(tw__solver_scale(s, c->scale, err));
        restart(s, c);
    }
    if (!(tw__dot(s->at.g, c->d, s->problem.n) < 0)) restart(s, c);
    TW_TRY(search(s, c, found, err));
    if (!*found && c->work < 0) {
        restart(s, c);
        TW_TRY(search(s, c, found, err));
    }
    if (*found) set_direction(s, c);
    return TW_OK;
}

static tw_status visit(tw__solver *s, tw_visitor *v, tw_error *err)
{
    state *c = s->state;
    const int64_t n = (int64_t)s->problem.n;
    TW_TRY(v->field(v, "solver.cg.scale", TW_F64, 1, &n, c->scale, err));
    TW_TRY(v->field(v, "solver.cg.direction", TW_F64, 1, &n, c->d, err));
    return v->field(v, "solver.cg.work", TW_F64, 0, NULL, &c->work, err);
}

extern const tw__solver_type tw__solver_cg;
const tw__solver_type tw__solver_cg = {
    .about = {.size = sizeof(tw_solver),
              .name = "cg",
              .help = "nonlinear conjugate gradients, one direction remembered",
              .paper =
                  "Nocedal & Wright 2006, 5.2 (5.41a, 5.44 to 5.46, 5.52); line search: Hager & Zhang 2005",
              .use = "Any smooth loss, where lbfgs would need too much memory.",
              .equation =
                  "d = -g / M + beta d, from d = -g / M, and again where g . d >= 0; M as of lbfgs\n"
                  "beta fr: g . g / g0 . g0,  pr: g . (g - g0) / g0 . g0,  hs: g . (g - g0) / d . (g - g0),\n"
                  "  each at least 0, with products divided by M but the last; g0 of the step before;\n"
                  "  0 where |g . g0| >= 0.2 g . g (Powell's restart)\n"
                  "w = w + a d, with a by the strong Wolfe conditions (1e-4, 0.1)",
              .n_options = sizeof options / sizeof options[0],
              .options = options,
              .epochs = 1000},
    .takes = tw__solver_needs_smooth,
    .create = create,
    .iterate = iterate,
    .visit = visit,
};
