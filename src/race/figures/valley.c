/* Momentum in a valley: figures 4.2, 4.3 and 5.5 of source 004.
 * SPDX-License-Identifier: MIT */
#include "race/figures/settings.h"

static const double low = 1e-3;

static int64_t first_low(const tw__trajectories *w, int i)
{
    return tw__first_below(w->trajectory[i]->value, w->trajectory[i]->n, low);
}
static int64_t low_for_good(const tw__trajectories *w, int i)
{
    return tw__finally_below(w->trajectory[i]->value, w->trajectory[i]->n, low);
}
static double last(const tw__trajectories *w, int i)
{
    return w->trajectory[i]->value[w->trajectory[i]->n - 1];
}

/* ---- Figures 4.2 and 4.3: with and without ---- */

const tw__runner tw__valley_settings[] = {
    {"sgd", "SGD", "sgd:lr=0.1"},
    {"momentum-0.5", "Momentum 0.5", "momentum:lr=0.1,momentum=0.5"},
    {"momentum-0.9", "Momentum 0.9", "momentum:lr=0.1,momentum=0.9"},
};
static const tw__runner larger_rate[] = {
    {"sgd", "SGD", "sgd:lr=0.4"},
    {"momentum-0.5", "Momentum 0.5", "momentum:lr=0.4,momentum=0.5"},
    {"momentum-0.9", "Momentum 0.9", "momentum:lr=0.4,momentum=0.9"},
};
enum { SGD, HALF, MOST, N_RUNNERS = TW__VALLEY_RUNNERS, STEPS = 200 };
static const tw__window window = {.low = {-6, -3}, .high = {4.5, 3}, .points = 61, .steps = STEPS};

enum { FASTER, TOO_FAST, LARGER_RATE };
static const tw__claim_text claim_texts[] = {
    [FASTER] =
        {.id = "momentum-faster",
         .source = "004, 4.1.1",
         .printed = "从这个简单的案例中可以看出动量法的收敛速度快于 SGD 算法",
         .english = "Momentum converges faster than SGD",
         .depends =
             "With momentum 0.5 it does, with the usual 0.9 it does not; and with a larger lr SGD alone is the fastest",
         .no = "It does not"},
    [TOO_FAST] = {.id = "momentum-too-fast",
                  .source = "004, 4.1.1",
                  .printed = "如果下降到极值点附近时速度过快则无法及时停止",
                  .english = "If it is too fast near the minimum it cannot stop in time",
                  .no = "It stopped"},
    [LARGER_RATE] = {.id = "momentum-control",
                     .source = "",
                     .printed = "",
                     .english = "With lr = 0.4 SGD is faster than Momentum with 0.5 and with 0.9",
                     .no = "It is not",
                     .is_control = 1},
};

static double furthest(const tw_trajectory *p)
{
    double most = p->x[0];
    for (size_t i = 1; i < p->n; i++) most = p->x[i] > most ? p->x[i] : most;
    return most;
}

static tw_status compare(tw__figure_output *output, const tw__trajectories *here,
                         const tw__trajectories *larger, tw_error *err)
{
    tw_claim *c;
    const int half = tw__before(low_for_good(here, HALF), low_for_good(here, SGD)),
              most = tw__before(low_for_good(here, MOST), low_for_good(here, SGD));
    const int control = tw__before(low_for_good(larger, SGD), low_for_good(larger, HALF)) &&
                        tw__before(low_for_good(larger, SGD), low_for_good(larger, MOST));
    TW_TRY(tw__claim_add(output, &claim_texts[FASTER], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, here, 0, N_RUNNERS);
    TW__APPEND(c->measured,
               "f stays below %s from step %s (SGD), %s (momentum 0.5), %s (0.9); with lr = 0.4: %s, %s, %s",
               TW__REAL(low), TW__STEP(low_for_good(here, SGD)), TW__STEP(low_for_good(here, HALF)),
               TW__STEP(low_for_good(here, MOST)), TW__STEP(low_for_good(larger, SGD)),
               TW__STEP(low_for_good(larger, HALF)), TW__STEP(low_for_good(larger, MOST)));
    tw__claim_decide(c, &claim_texts[FASTER], tw__holds(half, half && most && !control));

    const double beyond = furthest(here->trajectory[MOST]);
    TW_TRY(tw__claim_add(output, &claim_texts[TOO_FAST], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, here, MOST, 1);
    TW__APPEND(
        c->measured,
        "with momentum 0.9 x1 reaches %s beyond the minimum at 0; f < %s first at step %s, for good from step %s",
        TW__REAL(beyond), TW__REAL(low), TW__STEP(first_low(here, MOST)), TW__STEP(low_for_good(here, MOST)));
    const int holds = beyond > 1 && tw__before(first_low(here, MOST), low_for_good(here, MOST));
    tw__claim_decide(c, &claim_texts[TOO_FAST], tw__holds(holds, holds));

    TW_TRY(tw__claim_add(output, &claim_texts[LARGER_RATE], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, larger, 0, N_RUNNERS);
    TW__APPEND(c->measured, "f stays below %s from step %s (SGD), %s (momentum 0.5), %s (0.9)", TW__REAL(low),
               TW__STEP(low_for_good(larger, SGD)), TW__STEP(low_for_good(larger, HALF)),
               TW__STEP(low_for_good(larger, MOST)));
    tw__claim_decide(c, &claim_texts[LARGER_RATE], tw__holds(control, control));
    return TW_OK;
}

tw_status tw__valley_make(tw__figure_output *output, const tw__runner *settings, tw_error *err)
{
    tw__trajectories here, larger = {0};
    TW_TRY(tw__trajectories_make(&here, output->ctx, "valley", STEPS, settings, N_RUNNERS, err));
    tw_status s = tw__trajectories_make(&larger, output->ctx, "valley", STEPS, larger_rate, N_RUNNERS, err);
    if (s == TW_OK) s = tw__trajectories_write(output, &here, &window, err);
    if (s == TW_OK) s = compare(output, &here, &larger, err);
    tw__trajectories_free(&here);
    tw__trajectories_free(&larger);
    return s;
}

/* ---- Figure 5.5: how much ---- */

const tw__runner tw__amounts_settings[] = {
    {"0", "0", "momentum:lr=0.01,momentum=0"},       {"0.5", "0.5", "momentum:lr=0.01,momentum=0.5"},
    {"0.9", "0.9", "momentum:lr=0.01,momentum=0.9"}, {"0.99", "0.99", "momentum:lr=0.01,momentum=0.99"},
    {"1", "1", "momentum:lr=0.01,momentum=1"},       {"1.1", "1.1", "momentum:lr=0.01,momentum=1.1"},
};
enum { NONE, SOME, USUAL, MUCH, ALL, BEYOND, N_AMOUNTS = TW__AMOUNTS, LONG = 1000 };

static const tw__claim_text no_more_than_one = {
    .id = "momentum-at-most-1",
    .source = "004, 5.2",
    .printed = "在动量的引入中, 不能将其权值给的超过 1, 数值超过 1 则会导致结果不收敛",
    .english = "Momentum must not be above 1: then it does not converge",
    .no = "It converged, or smaller values did not",
};

static tw_status decide_amounts(tw__figure_output *output, const tw__trajectories *w, tw_error *err)
{
    const int64_t above = tw__first_beyond(w->trajectory[BEYOND]->value, w->trajectory[BEYOND]->n,
                                           w->trajectory[BEYOND]->value[0]);
    int below = 1;
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &no_more_than_one, &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, w, 0, N_AMOUNTS);
    TW__APPEND(c->measured, "f after %d steps:", LONG);
    for (int i = 0; i < N_AMOUNTS; i++) {
        TW__APPEND(c->measured, " %s (%s)%s", TW__REAL(last(w, i)), w->runner[i].label,
                   i + 1 < N_AMOUNTS ? "," : "");
        if (i < ALL) below = below && last(w, i) < low;
    }
    TW__APPEND(c->measured,
               "; with 1.1 f is above where it began at step %s; with 1 itself it never settles, either",
               TW__STEP(above));
    const int holds = below && last(w, ALL) > 1 && last(w, BEYOND) > 1e6;
    tw__claim_decide(c, &no_more_than_one, tw__holds(holds, holds));
    return TW_OK;
}

tw_status tw__amounts_make(tw__figure_output *output, const tw__runner *settings, tw_error *err)
{
    tw__trajectories trajectories;
    TW_TRY(tw__trajectories_make(&trajectories, output->ctx, "valley", LONG, settings, N_AMOUNTS, err));
    tw_status s = tw__trajectories_write(output, &trajectories, &window, err);
    if (s == TW_OK) s = decide_amounts(output, &trajectories, err);
    tw__trajectories_free(&trajectories);
    return s;
}

/* ---- The figures ---- */

static tw_status make_fig4_2(tw__figure_output *output, tw_error *err)
{
    return tw__valley_make(output, tw__valley_settings, err);
}
static tw_status make_fig5_5(tw__figure_output *output, tw_error *err)
{
    return tw__amounts_make(output, tw__amounts_settings, err);
}

extern const unsigned char tw__asset_figure_valley[], tw__asset_figure_amounts[];
extern const tw__figure tw__figure_fig4_2, tw__figure_fig5_5;
const tw__figure tw__figure_fig4_2 = {
    .kind = {"fig4.2", "fig4.3", "004, figures 4.2 and 4.3", "SGD and Momentum in a valley", 0},
    .script = tw__asset_figure_valley,
    .make = make_fig4_2,
};
const tw__figure tw__figure_fig5_5 = {
    .kind = {"fig5.5", "", "004, figure 5.5", "how much momentum: the loss for several values", 0},
    .script = tw__asset_figure_amounts,
    .make = make_fig5_5,
};
