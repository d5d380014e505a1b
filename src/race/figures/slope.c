/* Descent at right angles to the lines of equal height: figure 3.1 of source 004.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figure.h"
#include <math.h>

static const tw__runner runners[] = {{"sgd", "GD", "sgd:lr=0.05"},
                                     {"momentum", "Momentum", "momentum:lr=0.05,momentum=0.8"}};
enum { GD, MOMENTUM, N_RUNNERS, STEPS = 100 };
static const tw__window window = {.low = {-6, -3.2}, .high = {2.5, 2.6}, .points = 61, .steps = STEPS};

enum { AGAINST, EASIER, CONTROL };
static const char printed[] = "沿着梯度向量相反的方向，更加容易找到函数的最小值";
static const tw__claim_text claim_texts[] = {
    [AGAINST] =
        {.id = "slope",
         .source = "004, 3.1.1",
         .printed = printed,
         .english =
             "Against the gradient, at right angles to the lines of equal height, the minimum is found",
         .no = "It is not"},
    [EASIER] = {.id = "slope-easier",
                .source = "004, 3.1.1",
                .printed = printed,
                .english = "It is found more easily that way than by another",
                .no = "Momentum goes another way and ends lower after as many steps"},
    [CONTROL] = {.id = "slope-control",
                 .source = "",
                 .printed = "",
                 .english = "Momentum's path is not at right angles to them",
                 .no = "It is",
                 .is_control = 1},
};

/* The largest sine of the angle between a step and the gradient where it began. */
static double most_off(const tw__trajectories *w, int i)
{
    const tw_trajectory *p = w->trajectory[i];
    double most = 0;
    for (size_t k = 0; k + 1 < p->n; k++) {
        double g[2];
        const double dx = p->x[k + 1] - p->x[k], dy = p->y[k + 1] - p->y[k];
        tw_surface_value(w->surface, (double[]){p->x[k], p->y[k]}, g);
        const double off =
            fabs(dx * g[1] - dy * g[0]) / sqrt((dx * dx + dy * dy) * (g[0] * g[0] + g[1] * g[1]));
        most = off > most ? off : most;
    }
    return most;
}

static tw_status decide(tw__figure_output *output, const tw__trajectories *w, int which, int runner,
                        int (*holds)(double off, double last), tw_error *err)
{
    const double off = most_off(w, runner), last = w->trajectory[runner]->value[STEPS];
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[which], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, w, (size_t)runner, 1);
    TW__APPEND(
        c->measured,
        "the sine of the angle between a step and the gradient is at most %s; f from %s to %s in %d steps",
        TW__REAL(off), TW__REAL(w->trajectory[runner]->value[0]), TW__REAL(last), STEPS);
    tw__claim_decide(c, &claim_texts[which], tw__holds(holds(off, last), holds(off, last)));
    return TW_OK;
}

static int is_straight(double off, double last) { return off < 1e-9 && last < 1e-3; }
static tw_status decide_ease(tw__figure_output *output, const tw__trajectories *w, tw_error *err)
{
    const double straight = w->trajectory[GD]->value[STEPS], askew = w->trajectory[MOMENTUM]->value[STEPS];
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[EASIER], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, w, 0, N_RUNNERS);
    TW__APPEND(c->measured, "f after %d steps: GD %s, Momentum %s", STEPS, TW__REAL(straight),
               TW__REAL(askew));
    tw__claim_decide(c, &claim_texts[EASIER], tw__holds(straight < askew, straight < askew));
    return TW_OK;
}

static int is_askew(double off, double last) { return (void)last, off > 0.5; }

static tw_status make(tw__figure_output *output, tw_error *err)
{
    tw__trajectories trajectories;
    TW_TRY(tw__trajectories_make(&trajectories, output->ctx, "valley", STEPS, runners, N_RUNNERS, err));
    tw_status s = tw__trajectories_write(output, &trajectories, &window, err);
    if (s == TW_OK) s = decide(output, &trajectories, AGAINST, GD, is_straight, err);
    if (s == TW_OK) s = decide_ease(output, &trajectories, err);
    if (s == TW_OK) s = decide(output, &trajectories, CONTROL, MOMENTUM, is_askew, err);
    tw__trajectories_free(&trajectories);
    return s;
}

extern const unsigned char tw__asset_figure_slope[];
extern const tw__figure tw__figure_fig3_1;
const tw__figure tw__figure_fig3_1 = {
    .kind = {"fig3.1", "", "004, figure 3.1", "gradient descent at right angles to the lines of equal height",
             0},
    .script = tw__asset_figure_slope,
    .make = make,
};
