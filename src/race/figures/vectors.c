/* One step of Momentum and of NAG as vectors, from real steps: figures 4.1 and 4.4 of source 004, with its
 * names of points. A is where the first step begins, B where it ends, C = B + momentum (B - A) the point
 * ahead, D where the second step ends.
 * SPDX-License-Identifier: MIT */
#include "race/colours.h"
#include "race/figures/figure.h"
#include <math.h>

static const double rate = 0.2, momentum = 0.9;
static const tw__runner runners[] = {{"momentum", "Momentum", "momentum:lr=0.2,momentum=0.9"},
                                     {"nag", "NAG", "nag:lr=0.2,momentum=0.9"}};
enum { MOMENTUM, NAG, N_RUNNERS, STEPS = 40 };
static const tw__window window = {.low = {-5.6, -2.6}, .high = {-1.6, 2}, .points = 61, .steps = STEPS};

enum { BRAKES, MEASURED };
static const tw__claim_text claim_texts[] = {
    [BRAKES] = {.id = "nag-ahead",
                .source = "004, 4.1.2",
                .printed = "NAG 算法会向前看一步，预估超前点处的梯度……可以在往错的方向运动之前阻止向前",
                .english =
                    "NAG looks a step ahead, at C in place of B, and brakes before it moves the wrong way",
                .no = "It overshoots as far"},
    [MEASURED] = {.id = "nag-vectors",
                  .source = "004, (4.1) to (4.7)",
                  .printed = "NAG 算法区别于动量法之处就在于 B 点和 C 点梯度的不同",
                  .english = "NAG differs from Momentum only in the gradient's point: C in place of B",
                  .no = "The steps are not those of the equations"},
};

/* A, B, C, and the gradient's part of the step from B or C to D. */
struct vectors {
    double a[2], b[2], c[2], d[2], pull[2], residue;
};

static struct vectors vectors_of(const tw__trajectories *w, int i)
{
    const tw_trajectory *p = w->trajectory[i];
    struct vectors v = {.a = {p->x[0], p->y[0]}, .b = {p->x[1], p->y[1]}, .d = {p->x[2], p->y[2]}};
    double g[2];
    for (int k = 0; k < 2; k++) v.c[k] = v.b[k] + momentum * (v.b[k] - v.a[k]);
    tw_surface_value(w->surface, i == NAG ? v.c : v.b, g);
    for (int k = 0; k < 2; k++) {
        v.pull[k] = -rate * g[k];
        const double off = fabs(v.d[k] - v.c[k] - v.pull[k]);
        v.residue = off > v.residue ? off : v.residue;
    }
    return v;
}

static double overshoot(const tw_trajectory *p)
{
    double most = 0;
    for (size_t i = 0; i < p->n; i++) most = p->y[i] > most ? p->y[i] : most;
    return most;
}

static tw_status decide(tw__figure_output *output, const tw__trajectories *w,
                        const struct vectors v[N_RUNNERS], tw_error *err)
{
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[BRAKES], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, w, 0, N_RUNNERS);
    TW__APPEND(
        c->measured,
        "at the second step the gradient moves x2 by %s (Momentum, from B, onward) and by %s (NAG, from C, back); beyond the floor "
        "of the valley at x2 = 0 they get to %s and %s",
        TW__REAL(v[MOMENTUM].pull[1]), TW__REAL(v[NAG].pull[1]), TW__REAL(overshoot(w->trajectory[MOMENTUM])),
        TW__REAL(overshoot(w->trajectory[NAG])));
    const int holds = v[MOMENTUM].pull[1] > 0 && v[NAG].pull[1] < 0 &&
                      overshoot(w->trajectory[NAG]) < overshoot(w->trajectory[MOMENTUM]) / 2;
    tw__claim_decide(c, &claim_texts[BRAKES], tw__holds(holds, holds));
    TW_TRY(tw__claim_add(output, &claim_texts[MEASURED], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, w, 0, N_RUNNERS);
    const int same_start = v[MOMENTUM].b[0] == v[NAG].b[0] && v[MOMENTUM].b[1] == v[NAG].b[1];
    TW__APPEND(c->measured,
               "B is %s; D - C + lr times the gradient at B (Momentum), at C (NAG) is at most %s, %s",
               same_start ? "the same point for both" : "not the same", TW__REAL(v[MOMENTUM].residue),
               TW__REAL(v[NAG].residue));
    const int holds_too = same_start && v[MOMENTUM].residue < 1e-12 && v[NAG].residue < 1e-12;
    tw__claim_decide(c, &claim_texts[MEASURED], tw__holds(holds_too, holds_too));
    return TW_OK;
}

/* The points as data, and for the arrows as "x y x y ...". */
static tw_status write_vectors(tw__figure_output *output, const char *key, const struct vectors *v,
                               tw_error *err)
{
    const double x[] = {v->a[0], v->b[0], v->c[0], v->d[0]}, y[] = {v->a[1], v->b[1], v->c[1], v->d[1]};
    const double *const columns[] = {x, y};
    char name[40] = "", points[200] = "";
    for (int i = 0; i < 4; i++) TW__APPEND(points, "%s%s %s", i ? " " : "", TW__SIX(x[i]), TW__SIX(y[i]));
    TW__APPEND(name, "%s_points", key);
    tw__output_text(output, name, points);
    name[0] = 0;
    TW__APPEND(name, "%s-points", key);
    return tw__output_columns(output, name, "x,y", 4, 2, columns, err);
}

static tw_status make(tw__figure_output *output, tw_error *err)
{
    tw__trajectories trajectories;
    struct vectors v[N_RUNNERS];
    TW_TRY(tw__trajectories_make(&trajectories, output->ctx, "valley", STEPS, runners, N_RUNNERS, err));
    for (int i = 0; i < N_RUNNERS; i++) v[i] = vectors_of(&trajectories, i);
    tw_status s = tw__trajectories_write(output, &trajectories, &window, err);
    for (int i = 0; i < N_RUNNERS && s == TW_OK; i++) s = write_vectors(output, runners[i].key, &v[i], err);
    if (s == TW_OK) s = decide(output, &trajectories, v, err);
    tw__trajectories_free(&trajectories);
    return s;
}

extern const unsigned char tw__asset_figure_vectors[];
extern const tw__figure tw__figure_fig4_1;
const tw__figure tw__figure_fig4_1 = {
    .kind = {"fig4.1", "fig4.4", "004, figures 4.1 and 4.4", "a step of Momentum and of NAG as vectors", 0},
    .script = tw__asset_figure_vectors,
    .make = make,
};
