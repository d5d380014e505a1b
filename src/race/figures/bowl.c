/* The four paths of source 001 on a long bowl: how much less they zigzag, and who is best.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figure.h"

/* The rates of the book that its pictures come from. */
static const tw__runner runners[] = {
    {"sgd", "SGD", "sgd:lr=0.95"},
    {"momentum", "Momentum", "momentum:lr=0.1,momentum=0.9"},
    {"adagrad", "AdaGrad", "adagrad:lr=1.5"},
    {"adam", "Adam", "adam:lr=0.3"},
};
enum { SGD, MOMENTUM, ADAGRAD, ADAM, N_RUNNERS, STEPS = 30 };
static const tw__window window = {.low = {-9, -4}, .high = {9, 4}, .points = 61, .steps = STEPS};

enum { ZIGZAG, DAMPED, SLOWER, BEST };
static const tw__claim_text claim_texts[] = {
    [ZIGZAG] = {.id = "bowl-1",
                .source = "001, 三",
                .printed = "和SGD相比，我们发现“之”字形的“程度”减轻了",
                .english = "With Momentum the path zigzags less than with SGD",
                .no = "It turned as often"},
    [DAMPED] = {.id = "bowl-2",
                .source = "001, 四",
                .printed = "函数的取值高效地向着最小值移动……“之”字形的变动程度有所衰减",
                .english = "AdaGrad moves to the minimum efficiently, and its zigzag is damped",
                .no = "It turned as often, or ended higher"},
    [SLOWER] =
        {.id = "bowl-3",
         .source = "001, 七",
         .printed = "SGD 虽然能达到极小值，但是比其它算法用的时间长",
         .english = "SGD reaches the minimum but takes longer than the other algorithms",
         .depends =
             "Only AdaGrad is faster here: lr = 0.95 is nearly the best there is for SGD on this bowl; the picture shows the zigzag, "
             "not the speed",
         .no = "None of the others was faster"},
    [BEST] = {.id = "bowl-4",
              .source = "004, 5.3.1 (4), asked of this bowl",
              .printed = "该算法是最佳的优化器",
              .english = "Adam is the best optimiser",
              .depends = "It turns least but does not end lowest",
              .no = "It ends higher than the others, and AdaGrad turns less"},
};

struct result {
    size_t turns;
    double value;
    int64_t low;
};

static const double low = 0.1;

static void measure(const tw__trajectories *w, struct result r[N_RUNNERS])
{
    for (int i = 0; i < N_RUNNERS; i++) {
        const tw_trajectory *p = w->trajectory[i];
        r[i] = (struct result){tw__sign_changes(p->y, p->n), p->value[p->n - 1],
                               tw__finally_below(p->value, p->n, low)};
    }
}

static tw_status zigzag(tw__figure_output *output, const tw__trajectories *w, const struct result *r,
                        tw_error *err)
{
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[ZIGZAG], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, w, SGD, 2);
    TW__APPEND(c->measured, "y changes its sign %zu times with SGD, %zu times with Momentum, in %d steps",
               r[SGD].turns, r[MOMENTUM].turns, STEPS);
    const int holds = r[MOMENTUM].turns < r[SGD].turns;
    tw__claim_decide(c, &claim_texts[ZIGZAG], tw__holds(holds, holds));
    return TW_OK;
}

static tw_status damped(tw__figure_output *output, const tw__trajectories *w, const struct result *r,
                        tw_error *err)
{
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[DAMPED], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, w, 0, ADAM);
    TW__APPEND(c->measured,
               "AdaGrad's y changes its sign %zu times (SGD's %zu), f at the end is %s (SGD %s, Momentum %s)",
               r[ADAGRAD].turns, r[SGD].turns, TW__REAL(r[ADAGRAD].value), TW__REAL(r[SGD].value),
               TW__REAL(r[MOMENTUM].value));
    const int holds = r[ADAGRAD].turns < r[SGD].turns && r[ADAGRAD].value < r[SGD].value &&
                      r[ADAGRAD].value < r[MOMENTUM].value;
    tw__claim_decide(c, &claim_texts[DAMPED], tw__holds(holds, holds));
    return TW_OK;
}

static tw_status slower(tw__figure_output *output, const tw__trajectories *w, const struct result *r,
                        tw_error *err)
{
    int faster = 0;
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[SLOWER], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, w, 0, N_RUNNERS);
    TW__APPEND(c->measured, "f stays below %s from step", TW__REAL(low));
    for (int i = 0; i < N_RUNNERS; i++) {
        TW__APPEND(c->measured, " %s (%s)%s", TW__STEP(r[i].low), runners[i].label, i < ADAM ? "," : "");
        faster += tw__before(r[i].low, r[SGD].low);
    }
    tw__claim_decide(c, &claim_texts[SLOWER], tw__holds(faster > 0, faster == N_RUNNERS - 1));
    return TW_OK;
}

static tw_status best(tw__figure_output *output, const tw__trajectories *w, const struct result *r,
                      tw_error *err)
{
    int lowest = 1, straightest = 1;
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &claim_texts[BEST], &c, err));
    tw__append_trajectories(c->setting, sizeof c->setting, w, 0, N_RUNNERS);
    TW__APPEND(c->measured, "f after %d steps (changes of y's sign):", STEPS);
    for (int i = 0; i < N_RUNNERS; i++) {
        TW__APPEND(c->measured, " %s %s (%zu)%s", runners[i].label, TW__REAL(r[i].value), r[i].turns,
                   i < ADAM ? "," : "");
        lowest = lowest && r[ADAM].value <= r[i].value;
        straightest = straightest && r[ADAM].turns <= r[i].turns;
    }
    tw__claim_decide(c, &claim_texts[BEST], tw__holds(lowest, straightest));
    return TW_OK;
}

static tw_status make(tw__figure_output *output, tw_error *err)
{
    static tw_status (*const claims[])(tw__figure_output * output, const tw__trajectories *w,
                                       const struct result *r,
                                       tw_error *err) = {zigzag, damped, slower, best};
    tw__trajectories trajectories;
    struct result results[N_RUNNERS];
    TW_TRY(tw__trajectories_make(&trajectories, output->ctx, "bowl", STEPS, runners, N_RUNNERS, err));
    measure(&trajectories, results);
    tw_status s = tw__trajectories_write(output, &trajectories, &window, err);
    for (size_t i = 0; i < sizeof claims / sizeof claims[0] && s == TW_OK; i++)
        s = claims[i](output, &trajectories, results, err);
    tw__trajectories_free(&trajectories);
    return s;
}

extern const unsigned char tw__asset_figure_bowl[];
extern const tw__figure tw__figure_bowl;
const tw__figure tw__figure_bowl = {
    .kind = {"bowl", "", "001, sgd.png, mom.png, adagrad.png, adam.png", "four optimisers in a long bowl", 0},
    .script = tw__asset_figure_bowl,
    .make = make,
};
