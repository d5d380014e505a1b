/* Six optimisers on an ordinary surface, which here is Beale's function, and what source 004 reads off its
 * figures 5.8 to 5.10; source 001's first animation.
 * SPDX-License-Identifier: MIT */
#include "race/figures/settings.h"
#include <stdlib.h>

const tw__runner tw__beale_settings[] = {
    {"sgd", "SGD", "sgd:lr=0.002"},
    {"momentum", "Momentum", "momentum:lr=0.002,momentum=0.9"},
    {"nag", "NAG", "nag:lr=0.002,momentum=0.9"},
    {"adagrad", "Adagrad", "adagrad:lr=0.3"},
    {"adadelta", "Adadelta", "adadelta:rho=0.9,eps=1e-4"},
    {"rmsprop", "RMSprop", "rmsprop:lr=0.02,rho=0.99"},
};
enum { SGD, MOMENTUM, NAG, ADAGRAD, ADADELTA, RMSPROP, N_RUNNERS = TW__BEALE_RUNNERS, STEPS = 500 };
static const tw__runner faster_sgd[] = {{"sgd", "SGD", "sgd:lr=0.008"}};
static const tw__window window = {.low = {0.3, -1.6}, .high = {3.3, 1.7}, .points = 100, .steps = 300};

enum { FASTER, LEAD, ASTRAY, OVERTAKES, ALIKE };
static const tw__claim_text claim_texts[] = {
    [FASTER] = {.id = "surface-1",
                .source = "004, 5.3.2 (1)",
                .printed = "三个自适应学习优化器 Adagrad、RMSProp 与 AdaDelta 的下降速度明显比 SGD 要快",
                .english = "Adagrad, RMSprop and Adadelta descend clearly faster than SGD",
                .depends = "With a larger lr, at which it is still stable, SGD is ahead of all three",
                .no = "Not each of them is below before SGD, and stays there"},
    [LEAD] =
        {.id = "surface-2",
         .source = "004, 5.3.2 (1)",
         .printed = "Adagrad 和 RMSProp 齐头并进，要比 AdaDelta 要快",
         .english = "Adagrad and RMSprop go side by side and are faster than Adadelta",
         .depends =
             "They lead Adadelta for the first hundred steps; it is at f < 0.1 before them, as its steps grow",
         .no = "They did not lead, or not side by side"},
    [ASTRAY] =
        {.id = "surface-3",
         .source = "004, 5.3.2 (1)",
         .printed =
             "两个动量优化器 Momentum 和 NAG 由于刚开始走了岔路，初期下降的慢；随着慢慢调整，下降速度越来越快",
         .english = "Momentum and NAG go astray at first and descend slowly, then faster and faster",
         .depends =
             "They go astray and stand still while they turn, but before that they are the fastest of all",
         .no = "They did not go astray, or not recover"},
    [OVERTAKES] =
        {.id = "surface-4",
         .source = "004, 5.3.2 (1)",
         .printed = "NAG 到后期甚至超过了领先的 Adagrad 和 RMSProp",
         .english = "Later NAG even overtakes Adagrad and RMSprop, which led",
         .depends =
             "It ends far ahead of them, but here they never led it; Momentum is the one that is behind Adagrad while it turns",
         .no = "It does not end ahead"},
    [ALIKE] =
        {.id = "surface-5",
         .source = "004, 5.3.2 (2)",
         .printed = "SGD 和三个自适应优化器轨迹大致相同；两个动量优化器初期走了“岔路”，后期也调整了过来",
         .english =
             "SGD and the adaptive three take roughly the same way; the two with momentum go astray and come back",
         .no = "The ways differ otherwise"},
};

static const double low = 0.1;

struct surface {
    tw__trajectories here, faster;
};

static double value(const struct surface *s, int i, size_t step)
{
    return tw__value_at(s->here.trajectory[i], step);
}
static int64_t stays_low(const tw__trajectories *w, int i)
{
    return tw__finally_below(w->trajectory[i]->value, w->trajectory[i]->n, low);
}

static tw_status faster(tw__figure_output *output, const struct surface *s, tw_error *err)
{
    static const int who[] = {ADAGRAD, RMSPROP, ADADELTA};
    const int64_t sgd = stays_low(&s->here, SGD), other = stays_low(&s->faster, SGD);
    int here = 1, elsewhere = 1;
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[FASTER], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, &s->here, 0, N_RUNNERS);
    TW__APPEND(c->measured, "f stays below %s from step %s (SGD)", TW__REAL(low), TW__STEP(sgd));
    for (int i = 0; i < 3; i++) {
        const int64_t step = stays_low(&s->here, who[i]);
        TW__APPEND(c->measured, ", %s (%s)", TW__STEP(step), s->here.runner[who[i]].label);
        here = here && step != TW__NEVER && (sgd == TW__NEVER || 2 * step < sgd);
        elsewhere = elsewhere && tw__before(step, other);
    }
    TW__APPEND(c->measured, "; SGD with lr = 0.008: %s; f after %d steps: SGD %s, Adadelta %s",
               TW__STEP(other), STEPS, TW__REAL(value(s, SGD, STEPS)), TW__REAL(value(s, ADADELTA, STEPS)));
    tw__claim_decide(c, &claim_texts[FASTER], tw__holds(here, here && elsewhere));
    return TW_OK;
}

static tw_status lead(tw__figure_output *output, const struct surface *s, tw_error *err)
{
    static const size_t at[] = {20, 100};
    const int64_t adagrad = stays_low(&s->here, ADAGRAD), rmsprop = stays_low(&s->here, RMSPROP),
                  adadelta = stays_low(&s->here, ADADELTA);
    int here = 1;
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[LEAD], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, &s->here, ADAGRAD, 3);
    for (int i = 0; i < 2; i++) {
        const double a = value(s, ADAGRAD, at[i]), r = value(s, RMSPROP, at[i]),
                     d = value(s, ADADELTA, at[i]);
        TW__APPEND(c->measured, "f at step %zu: Adagrad %s, RMSprop %s, Adadelta %s; ", at[i], TW__REAL(a),
                   TW__REAL(r), TW__REAL(d));
        here = here && a < d && r < d;
    }
    TW__APPEND(c->measured, "f stays below %s from %s, %s, %s", TW__REAL(low), TW__STEP(adagrad),
               TW__STEP(rmsprop), TW__STEP(adadelta));
    here = here && adagrad != TW__NEVER && rmsprop != TW__NEVER && 4 * llabs(adagrad - rmsprop) <= adagrad;
    tw__claim_decide(c, &claim_texts[LEAD],
                     tw__holds(here, here && tw__before(adagrad, adadelta) && tw__before(rmsprop, adadelta)));
    return TW_OK;
}

/* Slow, fast: above, below Adagrad, which is the fastest of the others at first. */
static tw_status astray(tw__figure_output *output, const struct surface *s, tw_error *err)
{
    static const int who[] = {MOMENTUM, NAG};
    enum { EARLY = 40 };
    int here = 1, from_the_start = 1;
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[ASTRAY], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, &s->here, MOMENTUM, 2);
    for (int i = 0; i < 2; i++) {
        const tw_trajectory *p = s->here.trajectory[who[i]];
        const size_t up = tw__rises(p->value, p->n < EARLY ? p->n : EARLY + 1);
        TW__APPEND(
            c->measured,
            "%s strays %s from SGD's way, %zu of its first %d steps go up; f at steps 5, 18, 50: %s, %s, %s; ",
            s->here.runner[who[i]].label, TW__REAL(tw__strays(p, s->here.trajectory[SGD])), up, EARLY,
            TW__REAL(value(s, who[i], 5)), TW__REAL(value(s, who[i], 18)), TW__REAL(value(s, who[i], 50)));
        here = here && up > 0 && value(s, who[i], 50) < value(s, ADAGRAD, 50);
        from_the_start = from_the_start && value(s, who[i], 5) > value(s, ADAGRAD, 5);
    }
    TW__APPEND(c->measured, "Adagrad %s, %s, %s", TW__REAL(value(s, ADAGRAD, 5)),
               TW__REAL(value(s, ADAGRAD, 18)), TW__REAL(value(s, ADAGRAD, 50)));
    tw__claim_decide(c, &claim_texts[ASTRAY], tw__holds(here, here && from_the_start));
    return TW_OK;
}

static int64_t ahead_for_good(const struct surface *s, int a, int b)
{
    size_t i = STEPS + 1;
    while (i > 0 && value(s, a, i - 1) < value(s, b, i - 1)) i--;
    return i <= STEPS ? (int64_t)i : TW__NEVER;
}

/* Having led: beyond the first steps, in which the momentum only builds up. */
static tw_status overtakes(tw__figure_output *output, const struct surface *s, tw_error *err)
{
    const int64_t adagrad = ahead_for_good(s, NAG, ADAGRAD), rmsprop = ahead_for_good(s, NAG, RMSPROP),
                  momentum = ahead_for_good(s, MOMENTUM, ADAGRAD);
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[OVERTAKES], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, &s->here, MOMENTUM, 5);
    TW__APPEND(
        c->measured,
        "NAG is below Adagrad for good from step %s, below RMSprop from %s (Momentum below Adagrad from %s); f stays below %s from %s (NAG), "
        "%s (Adagrad), %s (RMSprop)",
        TW__STEP(adagrad), TW__STEP(rmsprop), TW__STEP(momentum), TW__REAL(low),
        TW__STEP(stays_low(&s->here, NAG)), TW__STEP(stays_low(&s->here, ADAGRAD)),
        TW__STEP(stays_low(&s->here, RMSPROP)));
    const int ahead = adagrad != TW__NEVER && rmsprop != TW__NEVER;
    tw__claim_decide(c, &claim_texts[OVERTAKES], tw__holds(ahead, ahead && adagrad > 5 && rmsprop > 5));
    return TW_OK;
}

static tw_status alike(tw__figure_output *output, const struct surface *s, tw_error *err)
{
    double adaptive = 0, with_momentum = 0;
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[ALIKE], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, &s->here, 0, N_RUNNERS);
    TW__APPEND(c->measured, "greatest distance from SGD's way:");
    for (int i = MOMENTUM; i < N_RUNNERS; i++) {
        const double d = tw__strays(s->here.trajectory[i], s->here.trajectory[SGD]);
        double *most = i >= ADAGRAD ? &adaptive : &with_momentum;
        TW__APPEND(c->measured, " %s %s%s", s->here.runner[i].label, TW__REAL(d),
                   i + 1 < N_RUNNERS ? "," : "");
        *most = i >= ADAGRAD ? d > *most ? d : *most : i == MOMENTUM || d < *most ? d : *most;
    }
    const int holds = 2 * adaptive < with_momentum;
    tw__claim_decide(c, &claim_texts[ALIKE], tw__holds(holds, holds));
    return TW_OK;
}

/* ---- The figures ---- */

tw_status tw__beale_make(tw__figure_output *output, const tw__runner *settings, tw_error *err)
{
    static tw_status (*const claims[])(tw__figure_output * output, const struct surface *s,
                                       tw_error *err) = {faster, lead, astray, overtakes, alike};
    struct surface surface = {0};
    tw_status s = tw__trajectories_make(&surface.here, output->ctx, "beale", STEPS, settings, N_RUNNERS, err);
    if (s == TW_OK)
        s = tw__trajectories_make(&surface.faster, output->ctx, "beale", STEPS, faster_sgd, 1, err);
    if (s == TW_OK) s = tw__trajectories_write(output, &surface.here, &window, err);
    for (size_t i = 0; i < sizeof claims / sizeof claims[0] && s == TW_OK; i++)
        s = claims[i](output, &surface, err);
    tw__trajectories_free(&surface.here);
    tw__trajectories_free(&surface.faster);
    return s;
}

static tw_status make_fig5_8(tw__figure_output *output, tw_error *err)
{
    return tw__beale_make(output, tw__beale_settings, err);
}

static tw_status make_v1(tw__figure_output *output, tw_error *err)
{
    tw__trajectories trajectories;
    TW_TRY(tw__trajectories_make(&trajectories, output->ctx, "beale", STEPS, tw__beale_settings, N_RUNNERS,
                                 err));
    const tw_status s = tw__trajectories_write(output, &trajectories, &window, err);
    tw__trajectories_free(&trajectories);
    return s;
}

extern const unsigned char tw__asset_figure_beale[], tw__asset_figure_v1[];
extern const tw__figure tw__figure_fig5_8, tw__figure_v1;
const tw__figure tw__figure_fig5_8 = {
    .kind = {"fig5.8", "fig5.9 fig5.10", "004, figures 5.8 to 5.10",
             "six optimisers on an ordinary surface: in space, from above, their losses", 1},
    .script = tw__asset_figure_beale,
    .make = make_fig5_8,
};
const tw__figure tw__figure_v1 = {.kind = {"v1", "", "001, v1.webp", "six optimisers on a map", 1},
                                  .script = tw__asset_figure_v1,
                                  .make = make_v1};
