/* Optimisers at a saddle point, and the four things that source 004 reads off its figures 5.6 and 5.7; source
 * 001's second animation.
 * SPDX-License-Identifier: MIT */
#include "race/figures/settings.h"
#include <stdlib.h>

const tw__runner tw__saddle_settings[] = {
    {"sgd", "SGD", "sgd:lr=0.01"},
    {"momentum", "Momentum", "momentum:lr=0.01,momentum=0.9"},
    {"nag", "NAG", "nag:lr=0.01,momentum=0.9"},
    {"adagrad", "Adagrad", "adagrad:lr=0.08"},
    {"adadelta", "Adadelta", "adadelta:rho=0.95,eps=1e-4"},
    {"rmsprop", "RMSprop", "rmsprop:lr=0.008,rho=0.99"},
    {"adam", "Adam", "adam:lr=0.07"},
};
enum { SGD, MOMENTUM, NAG, ADAGRAD, ADADELTA, RMSPROP, ADAM, N_RUNNERS = TW__SADDLE_RUNNERS, STEPS = 600 };
/* Other settings of three of them. */
static const tw__runner retuned[] = {
    {"adagrad", "Adagrad", "adagrad:lr=0.1"},
    {"adadelta", "Adadelta", "adadelta:rho=0.95,eps=1e-6"},
    {"adam", "Adam", "adam:lr=0.03"},
};
enum { OTHER_ADAGRAD, OTHER_ADADELTA, OTHER_ADAM, N_RETUNED, LONGER = 1000 };

static const tw__window window = {.low = {-1.5, -0.6}, .high = {1.5, 1.5}, .points = 26, .steps = 150};

/* ---- What the source says ---- */

enum { STAYS, PASS_BY, SHAKE, BEST, NO_ESCAPE, NUDGED };
static const tw__claim_text claim_texts[] = {
    [STAYS] =
        {.id = "saddle-1",
         .source = "004, 5.3.1 (1)",
         .printed = "SGD 算法进入了鞍点并停留在了鞍点处，没能跳过鞍点",
         .english = "SGD enters the saddle point, stays there and does not get past it",
         .depends =
             "As long as one looks: y grows by lr 2 y a step from its millionth, and in the end SGD gets past, too",
         .no = "SGD either kept away or got past it"},
    [PASS_BY] =
        {.id = "saddle-2",
         .source = "004, 5.3.1 (2)",
         .printed =
             "三个自适应学习率优化器没有进入鞍点，其中，AdaDelta 算法下降最快，Adagrad 和 RMSprop 则齐头并进",
         .english =
             "Adagrad, RMSprop and Adadelta do not enter it; Adadelta descends fastest, Adagrad and RMSprop side by side",
         .depends =
             "Who of the three is first depends on their settings: a slightly larger lr puts Adagrad ahead, Adadelta's own eps puts "
             "it last",
         .no = "One of them entered, or another one was the fastest"},
    [SHAKE] =
        {.id = "saddle-3",
         .source = "004, 5.3.1 (3)",
         .printed =
             "两个动量优化器 Momentum 和 NAG 算法进入了鞍点，但是在鞍点处抖动了一会儿后逃离了鞍点并迅速下降",
         .english = "Momentum and NAG enter it, shake for a while, get away and then fall fast",
         .depends = "Faster than the others, but not than Adadelta, which never entered",
         .no = "They did not all of this"},
    [BEST] =
        {.id = "saddle-4",
         .source = "004, 5.3.1 (4)",
         .printed = "Adam 算法在此数据集下也没有进入鞍点，并且可以看出该算法是最佳的优化器",
         .english = "Adam does not enter it either and is the best optimiser",
         .depends =
             "Adam is the first to get away, but with a smaller lr it is not, and in the end those with momentum are far lower: this "
             "surface has no floor",
         .no = "Adam was not the first to get away"},
    [NO_ESCAPE] = {.id = "saddle-control-1",
                   .source = "",
                   .printed = "",
                   .english = "Started on the ridge, at y = 0, no optimiser gets away",
                   .no = "One got away without a gradient that points away",
                   .is_control = 1},
    [NUDGED] = {.id = "saddle-control-2",
                .source = "",
                .printed = "",
                .english = "Started at y = 1e-3 SGD gets away, too",
                .no = "SGD stayed",
                .is_control = 1},
};

/* ---- What is measured ---- */

/* Distances from the saddle point, then of y: to have got away, and to have fallen. */
static const double at_it = 0.01, clear_of_it = 0.1, out = 1, far_out = 10;

struct saddle {
    tw__trajectories here, ridge, nudged, retuned, longer;
};

static double closest(const tw__trajectories *w, int i) { return tw__closest(w->trajectory[i], 0, 0); }

static int avoids(const tw__trajectories *w, int i) { return closest(w, i) > clear_of_it; }

static int64_t gets_to(const tw__trajectories *w, int i, double y)
{
    return tw__first_beyond(w->trajectory[i]->y, w->trajectory[i]->n, y);
}

static int64_t leaves(const tw__trajectories *w, int i) { return gets_to(w, i, out); }

static int64_t falls_in(const tw__trajectories *w, int i)
{
    const int64_t end = gets_to(w, i, far_out);
    return end == TW__NEVER ? TW__NEVER : end - leaves(w, i);
}

static double last_value(const tw__trajectories *w, int i)
{
    return w->trajectory[i]->value[w->trajectory[i]->n - 1];
}

static tw_status stays(tw__figure_output *output, const struct saddle *s, tw_error *err)
{
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[STAYS], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, &s->here, SGD, 1);
    TW__APPEND(c->measured, "comes as close as %s, passes |y| = 1: %s (%d steps); in %d steps: %s",
               TW__REAL(closest(&s->here, SGD)), TW__STEP(leaves(&s->here, SGD)), STEPS, LONGER,
               TW__STEP(leaves(&s->longer, SGD)));
    const int holds = closest(&s->here, SGD) < at_it && leaves(&s->here, SGD) == TW__NEVER;
    tw__claim_decide(c, &claim_texts[STAYS], tw__holds(holds, holds && leaves(&s->longer, SGD) == TW__NEVER));
    return TW_OK;
}

static tw_status pass_by(tw__figure_output *output, const struct saddle *s, tw_error *err)
{
    const int64_t adagrad = leaves(&s->here, ADAGRAD), adadelta = leaves(&s->here, ADADELTA),
                  rmsprop = leaves(&s->here, RMSPROP);
    const int64_t other_adagrad = leaves(&s->retuned, OTHER_ADAGRAD),
                  other_adadelta = leaves(&s->retuned, OTHER_ADADELTA);
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[PASS_BY], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, &s->here, ADAGRAD, 3);
    TW__APPEND(
        c->measured,
        "closest: Adagrad %s, RMSprop %s, Adadelta %s; |y| = 1 passed at step %s, %s, %s; with lr = 0.1 Adagrad passes at %s, with "
        "eps = 1e-6 Adadelta at %s",
        TW__REAL(closest(&s->here, ADAGRAD)), TW__REAL(closest(&s->here, RMSPROP)),
        TW__REAL(closest(&s->here, ADADELTA)), TW__STEP(adagrad), TW__STEP(rmsprop), TW__STEP(adadelta),
        TW__STEP(other_adagrad), TW__STEP(other_adadelta));
    const int keep_away =
        avoids(&s->here, ADAGRAD) && avoids(&s->here, RMSPROP) && avoids(&s->here, ADADELTA);
    const int side_by_side =
        adagrad != TW__NEVER && rmsprop != TW__NEVER && 10 * llabs(adagrad - rmsprop) <= adagrad;
    const int here =
        keep_away && side_by_side && tw__before(adadelta, adagrad) && tw__before(adadelta, rmsprop);
    tw__claim_decide(c, &claim_texts[PASS_BY],
                     tw__holds(here, here && tw__before(adadelta, other_adagrad) &&
                                         tw__before(other_adadelta, adagrad)));
    return TW_OK;
}

static tw_status shake(tw__figure_output *output, const struct saddle *s, tw_error *err)
{
    static const int who[] = {MOMENTUM, NAG}, others[] = {ADAM, ADAGRAD, RMSPROP};
    int holds = 1, fastest = 1;
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[SHAKE], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, &s->here, MOMENTUM, 2);
    for (int i = 0; i < 2; i++) {
        const tw_trajectory *p = s->here.trajectory[who[i]];
        const int64_t away = leaves(&s->here, who[i]), fall = falls_in(&s->here, who[i]);
        const size_t turns = away == TW__NEVER ? 0 : tw__sign_changes(p->x, (size_t)away);
        TW__APPEND(
            c->measured,
            "%s comes as close as %s, crosses x = 0 %zu times, passes |y| = 1 at step %s and is at 10 in %s more; ",
            s->here.runner[who[i]].label, TW__REAL(closest(&s->here, who[i])), turns, TW__STEP(away),
            TW__STEP(fall));
        holds = holds && closest(&s->here, who[i]) < at_it && turns >= 2;
        for (int k = 0; k < 3; k++) holds = holds && tw__before(fall, falls_in(&s->here, others[k]));
        fastest = fastest && tw__before(fall, falls_in(&s->here, ADADELTA));
    }
    TW__APPEND(c->measured, "Adam: %s, Adagrad: %s, RMSprop: %s, Adadelta: %s",
               TW__STEP(falls_in(&s->here, ADAM)), TW__STEP(falls_in(&s->here, ADAGRAD)),
               TW__STEP(falls_in(&s->here, RMSPROP)), TW__STEP(falls_in(&s->here, ADADELTA)));
    tw__claim_decide(c, &claim_texts[SHAKE], tw__holds(holds, holds && fastest));
    return TW_OK;
}

static tw_status best(tw__figure_output *output, const struct saddle *s, tw_error *err)
{
    const int64_t adam = leaves(&s->here, ADAM), other = leaves(&s->retuned, OTHER_ADAM);
    int first = avoids(&s->here, ADAM), other_first = 1, lowest = 1;
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[BEST], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, &s->here, 0, N_RUNNERS);
    for (int i = 0; i < ADAM; i++) {
        first = first && tw__before(adam, leaves(&s->here, i));
        other_first = other_first && tw__before(other, leaves(&s->here, i));
        lowest = lowest && last_value(&s->here, ADAM) < last_value(&s->here, i);
    }
    TW__APPEND(
        c->measured,
        "comes as close as %s, passes |y| = 1 at step %s, next Adadelta at %s; with lr = 0.03 at %s; f after %d steps: Adam %s, "
        "Momentum %s, NAG %s",
        TW__REAL(closest(&s->here, ADAM)), TW__STEP(adam), TW__STEP(leaves(&s->here, ADADELTA)),
        TW__STEP(other), STEPS, TW__REAL(last_value(&s->here, ADAM)),
        TW__REAL(last_value(&s->here, MOMENTUM)), TW__REAL(last_value(&s->here, NAG)));
    tw__claim_decide(c, &claim_texts[BEST], tw__holds(first, first && other_first && lowest));
    return TW_OK;
}

static tw_status no_escape(tw__figure_output *output, const struct saddle *s, tw_error *err)
{
    int away = 0;
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[NO_ESCAPE], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, &s->ridge, 0, N_RUNNERS);
    for (int i = 0; i < N_RUNNERS; i++) away += leaves(&s->ridge, i) != TW__NEVER;
    TW__APPEND(c->measured, "%d of %d passed |y| = 1 within %d steps", away, N_RUNNERS, STEPS);
    tw__claim_decide(c, &claim_texts[NO_ESCAPE], tw__holds(!away, !away));
    return TW_OK;
}

static tw_status nudged(tw__figure_output *output, const struct saddle *s, tw_error *err)
{
    const int64_t away = leaves(&s->nudged, SGD);
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[NUDGED], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, &s->nudged, SGD, 1);
    TW__APPEND(c->measured, "SGD passes |y| = 1 at step %s", TW__STEP(away));
    tw__claim_decide(c, &claim_texts[NUDGED], tw__holds(away != TW__NEVER, away != TW__NEVER));
    return TW_OK;
}

/* ---- The figures ---- */

static void free_saddle(struct saddle *s)
{
    tw__trajectories_free(&s->here);
    tw__trajectories_free(&s->ridge);
    tw__trajectories_free(&s->nudged);
    tw__trajectories_free(&s->retuned);
    tw__trajectories_free(&s->longer);
}

static tw_status run_all(struct saddle *s, tw_context *ctx, const tw__runner *settings, tw_error *err)
{
    TW_TRY(tw__trajectories_make(&s->here, ctx, "saddle", STEPS, settings, N_RUNNERS, err));
    TW_TRY(tw__trajectories_make(&s->ridge, ctx, "saddle:y=0", STEPS, settings, N_RUNNERS, err));
    TW_TRY(tw__trajectories_make(&s->nudged, ctx, "saddle:y=1e-3", STEPS, settings, 1, err));
    TW_TRY(tw__trajectories_make(&s->longer, ctx, "saddle", LONGER, settings, 1, err));
    return tw__trajectories_make(&s->retuned, ctx, "saddle", STEPS, retuned, N_RETUNED, err);
}

tw_status tw__saddle_make(tw__figure_output *output, const tw__runner *settings, tw_error *err)
{
    static tw_status (*const claims[])(tw__figure_output * output, const struct saddle *s,
                                       tw_error *err) = {stays, pass_by, shake, best, no_escape, nudged};
    struct saddle saddle = {0};
    tw_status s = run_all(&saddle, output->ctx, settings, err);
    if (s == TW_OK) s = tw__trajectories_write(output, &saddle.here, &window, err);
    for (size_t i = 0; i < sizeof claims / sizeof claims[0] && s == TW_OK; i++)
        s = claims[i](output, &saddle, err);
    free_saddle(&saddle);
    return s;
}

static tw_status make_fig5_6(tw__figure_output *output, tw_error *err)
{
    return tw__saddle_make(output, tw__saddle_settings, err);
}

/* The animation has no Adam. */
static tw_status make_v2(tw__figure_output *output, tw_error *err)
{
    tw__trajectories trajectories;
    TW_TRY(
        tw__trajectories_make(&trajectories, output->ctx, "saddle", STEPS, tw__saddle_settings, ADAM, err));
    const tw_status s = tw__trajectories_write(output, &trajectories, &window, err);
    tw__trajectories_free(&trajectories);
    return s;
}

extern const unsigned char tw__asset_figure_saddle[], tw__asset_figure_v2[];
extern const tw__figure tw__figure_fig5_6, tw__figure_v2;
const tw__figure tw__figure_fig5_6 = {
    .kind = {"fig5.6", "fig5.7", "004, figures 5.6 and 5.7",
             "seven optimisers at a saddle point, from two sides", 1},
    .script = tw__asset_figure_saddle,
    .make = make_fig5_6,
};
const tw__figure tw__figure_v2 = {
    .kind = {"v2", "", "001, v2.webp", "six optimisers leave a saddle point, or do not", 1},
    .script = tw__asset_figure_v2,
    .make = make_v2,
};
