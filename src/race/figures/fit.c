/* A line fitted with all rows, with some and with one at a time: figures 5.1 to 5.4 of source 004.
 * SPDX-License-Identifier: MIT */
#include "race/figures/line.h"
#include "race/colours.h"
#include <stdlib.h>

/* batch sizes; 0: all rows */
enum { UPDATES = 400, LONGER = 4000, SEEDS = 11, ALL = 0, SOME = 16, ONE = 1 };
static const char optimizer[] = "sgd:lr=0.05", decay[] = "inverse_time:decay_rate=1,decay_steps=100";

enum { SMOOTH, MANY, RIPPLE, LARGE, WORSE, CONVERGES };
static const tw__claim_text claim_texts[] = {
    [SMOOTH] = {.id = "fit-1",
                .source = "004, 5.1",
                .printed = "训练过程中的损失函数是比较平稳的，没有出现大幅度的波动",
                .english = "BGD's loss is smooth",
                .no = "It went up"},
    [MANY] =
        {.id = "fit-2",
         .source = "004, 5.1",
         .printed = "BGD 算法所需要的迭代次数很多",
         .english = "BGD needs very many iterations",
         .depends =
             "Many passes over the rows; in updates, with the same lr, it is the first to stay near the best",
         .no = "It needed fewer passes"},
    [RIPPLE] =
        {.id = "fit-3",
         .source = "004, 5.1",
         .printed =
             "MBGD 算法的波动性明显强于 BGD 算法，从拟合结果来看差别不大……当然这也与所选取的批量的大小有关",
         .english =
             "MBGD's loss ripples more than BGD's, depending on the batch size; the fit is about as good",
         .no = "It did not, or the fit is worse"},
    [LARGE] = {.id = "fit-4",
               .source = "004, 5.1",
               .printed = "该算法的波动性很大，即使迭代次数比较小，损失函数的震荡仍很厉害",
               .english = "SGD's loss oscillates heavily, even over few iterations",
               .no = "Not more than MBGD's"},
    [WORSE] = {.id = "fit-5",
               .source = "004, 5.1",
               .printed = "从拟合结果看，该算法的拟合效果要差一点",
               .english = "SGD's fit is a little worse",
               .depends = "It is worse by more than a little",
               .no = "It is not worse"},
    [CONVERGES] =
        {.id = "fit-6",
         .source = "004, 5.1",
         .printed = "虽然 SGD 算法的波动性很大，但是训练速度快，并且总体而言其训练结果是可以收敛得",
         .english = "SGD fluctuates but converges all the same",
         .depends =
             "With a constant lr it keeps fluctuating at some distance, however long it runs; with one that falls it converges",
         .no = "Not even with an lr that falls"},
};

/* ---- Many seeds ---- */

static tw__trace_setting setting(uint64_t batch, uint64_t seed, const char *schedule, uint64_t updates,
                                 uint64_t every)
{
    return (tw__trace_setting){.optimizer = optimizer,
                               .estimator = batch == ALL ? "full" : "minibatch",
                               .schedule = schedule,
                               .seed = seed,
                               .batch = batch,
                               .updates = updates,
                               .every = every};
}

/* Medians over the seeds. ripple: how far the loss goes up in a step of the second half, on average. near:
 * from where on it was once within a twentieth of the best, in updates and passes. */
struct outcome {
    double excess, ripple, near, passes;
};

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double values[SEEDS])
{
    qsort(values, SEEDS, sizeof *values, compare);
    return values[SEEDS / 2];
}

static double ripple(const tw__trace *c)
{
    double up = 0;
    for (size_t i = c->n / 2; i < c->n; i++)
        up += c->loss[i] > c->loss[i - 1] ? c->loss[i] - c->loss[i - 1] : 0;
    return up / (double)(c->n - c->n / 2);
}

static tw_status try_seeds(const tw__line *line, uint64_t batch, const char *schedule, uint64_t updates,
                           struct outcome *out, tw_error *err)
{
    double excess[SEEDS], ripples[SEEDS], near[SEEDS], passes[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const tw__trace_setting s = setting(batch, seed, schedule, updates, updates / UPDATES);
        tw__trace c;
        TW_TRY(tw__trace_make(&c, &line->rows, &s, err));
        const int64_t there = tw__finally_below(c.loss, c.n, 1.05 * line->least);
        excess[seed] = tw__line_excess(line, &c);
        ripples[seed] = ripple(&c);
        near[seed] = there == TW__NEVER ? (double)updates : c.update[there];
        passes[seed] = there == TW__NEVER ? c.passes[c.n - 1] : c.passes[there];
        tw__trace_free(&c);
    }
    *out = (struct outcome){median(excess), median(ripples), median(near), median(passes)};
    return TW_OK;
}

static tw_status begin(tw__figure_output *output, int which, uint64_t updates, tw_claim **c, tw_error *err)
{
    TW_TRY(tw__claim_add(output, &claim_texts[which], c, err));
    TW__APPEND((*c)->setting,
               "y = 0.5 x + 1 + 0.5 N(0, 1), 128 rows (%s-rows.csv); %s, %llu updates; medians of %d seeds",
               output->figure->kind.name, optimizer, (unsigned long long)updates, SEEDS);
    return TW_OK;
}

/* ---- The claims ---- */

static tw_status all_rows(tw__figure_output *output, const tw__line *line, const tw__trace *trace,
                          tw_error *err)
{
    struct outcome all, some, one;
    tw_claim *c;
    TW_TRY(try_seeds(line, ALL, NULL, UPDATES, &all, err));
    TW_TRY(try_seeds(line, SOME, NULL, UPDATES, &some, err));
    TW_TRY(try_seeds(line, ONE, NULL, UPDATES, &one, err));
    const size_t up = tw__rises(trace->loss, trace->n);
    TW_TRY(begin(output, SMOOTH, UPDATES, &c, err));
    TW__APPEND(c->measured, "%zu of %d updates made the loss larger, with any seed", up, UPDATES);
    tw__claim_decide(c, &claim_texts[SMOOTH], tw__holds(up == 0, up == 0));
    TW_TRY(begin(output, MANY, UPDATES, &c, err));
    TW__APPEND(
        c->measured,
        "to a loss that stays within 5 %% of the best: BGD %s updates or %s passes over the rows, MBGD (%d rows) %s or %s, SGD %s or %s",
        TW__REAL(all.near), TW__REAL(all.passes), SOME, TW__REAL(some.near), TW__REAL(some.passes),
        TW__REAL(one.near), TW__REAL(one.passes));
    const int in_passes = all.passes > some.passes && all.passes > one.passes,
              in_updates = all.near > 1.5 * some.near && all.near > 1.5 * one.near;
    tw__claim_decide(c, &claim_texts[MANY], tw__holds(in_passes, in_updates));
    return TW_OK;
}

static tw_status some_rows(tw__figure_output *output, const tw__line *line, const tw__trace *trace,
                           tw_error *err)
{
    static const uint64_t batch[] = {ALL, 32, SOME, 8};
    struct outcome o[4];
    tw_claim *c;
    (void)trace;
    for (int i = 0; i < 4; i++) TW_TRY(try_seeds(line, batch[i], NULL, UPDATES, &o[i], err));
    TW_TRY(begin(output, RIPPLE, UPDATES, &c, err));
    TW__APPEND(
        c->measured,
        "mean rise of the loss per step: BGD %s, batch 32 %s, %d %s, 8 %s; loss above the best (%s) at the end: %s, %s, %s, %s",
        TW__REAL(o[0].ripple), TW__REAL(o[1].ripple), SOME, TW__REAL(o[2].ripple), TW__REAL(o[3].ripple),
        TW__REAL(line->least), TW__REAL(o[0].excess), TW__REAL(o[1].excess), TW__REAL(o[2].excess),
        TW__REAL(o[3].excess));
    const int holds = o[0].ripple < o[1].ripple && o[1].ripple < o[2].ripple && o[2].ripple < o[3].ripple &&
                      o[2].excess < 0.02 * line->least;
    tw__claim_decide(c, &claim_texts[RIPPLE], tw__holds(holds, holds));
    return TW_OK;
}

static tw_status one_row(tw__figure_output *output, const tw__line *line, const tw__trace *trace,
                         tw_error *err)
{
    struct outcome some, one, longer, falling;
    tw_claim *c;
    TW_TRY(try_seeds(line, SOME, NULL, UPDATES, &some, err));
    TW_TRY(try_seeds(line, ONE, NULL, UPDATES, &one, err));
    TW_TRY(try_seeds(line, ONE, NULL, LONGER, &longer, err));
    TW_TRY(try_seeds(line, ONE, decay, LONGER, &falling, err));
    TW_TRY(begin(output, LARGE, UPDATES, &c, err));
    TW__APPEND(c->measured,
               "mean rise of the loss per step: SGD %s, MBGD (%d rows) %s; %zu of %d steps go up with seed 0",
               TW__REAL(one.ripple), SOME, TW__REAL(some.ripple), tw__rises(trace->loss, trace->n), UPDATES);
    tw__claim_decide(c, &claim_texts[LARGE],
                     tw__holds(one.ripple > 3 * some.ripple, one.ripple > 3 * some.ripple));
    TW_TRY(begin(output, WORSE, UPDATES, &c, err));
    TW__APPEND(c->measured, "loss above the best (%s) at the end: SGD %s, MBGD %s", TW__REAL(line->least),
               TW__REAL(one.excess), TW__REAL(some.excess));
    tw__claim_decide(c, &claim_texts[WORSE],
                     tw__holds(one.excess > some.excess, one.excess < 0.2 * line->least));
    TW_TRY(begin(output, CONVERGES, LONGER, &c, err));
    TW__APPEND(c->measured, "loss above the best after %d updates %s, after %d %s, after %d with %s %s",
               UPDATES, TW__REAL(one.excess), LONGER, TW__REAL(longer.excess), LONGER, decay,
               TW__REAL(falling.excess));
    tw__claim_decide(c, &claim_texts[CONVERGES],
                     tw__holds(falling.excess < one.excess / 10, longer.excess < one.excess / 10));
    return TW_OK;
}

/* ---- The figures ---- */

static double loss_at(const void *line, const double at[2])
{
    const tw__line *l = line;
    tw_metrics m;
    return tw_evaluate(l->rows.ctx, &l->rows.objective, at, &m, NULL) == TW_OK ? m.loss - l->least : 0;
}

typedef tw_status (*claims_of)(tw__figure_output *output, const tw__line *line, const tw__trace *trace,
                               tw_error *err);

static tw_status draw(tw__figure_output *output, const char *method, uint64_t batch, claims_of claims,
                      tw_error *err)
{
    static const tw__window window = {.low = {-0.2, -0.2}, .high = {1.2, 1.6}, .points = 81};
    const tw__trace_setting s = setting(batch, 0, NULL, UPDATES, 1);
    tw__line line;
    tw__trace trace = {0};
    TW_TRY(tw__line_make(&line, output->ctx, err));
    tw_status status = tw__trace_make(&trace, &line.rows, &s, err);
    if (status == TW_OK) status = tw__line_write(output, &line, err);
    if (status == TW_OK) status = tw__trace_write(output, "course", &trace, line.least, err);
    if (status == TW_OK) status = tw__output_surface(output, loss_at, &line, &window, err);
    if (status == TW_OK) {
        tw__output_text(output, "method", method);
        tw__output_text(output, "colour_of_sgd", tw__colour_of_rule("sgd"));
        tw__output_number(output, "fitted_slope", trace.first[trace.n - 1]);
        tw__output_number(output, "fitted_intercept", trace.second[trace.n - 1]);
        status = claims(output, &line, &trace, err);
    }
    tw__trace_free(&trace);
    tw__rows_free(&line.rows);
    return status;
}

static tw_status make_fig5_1(tw__figure_output *output, tw_error *err)
{
    return draw(output, "BGD, all rows", ALL, all_rows, err);
}
static tw_status make_fig5_3(tw__figure_output *output, tw_error *err)
{
    return draw(output, "MBGD, 16 rows", SOME, some_rows, err);
}
static tw_status make_fig5_4(tw__figure_output *output, tw_error *err)
{
    return draw(output, "SGD, one row", ONE, one_row, err);
}

extern const unsigned char tw__asset_figure_fit[];
extern const tw__figure tw__figure_fig5_1, tw__figure_fig5_3, tw__figure_fig5_4;
const tw__figure tw__figure_fig5_1 = {
    .kind = {"fig5.1", "fig5.2", "004, figures 5.1 and 5.2",
             "a line fitted by BGD: fit, loss, way of the parameters", 0},
    .script = tw__asset_figure_fit,
    .make = make_fig5_1,
};
const tw__figure tw__figure_fig5_3 = {
    .kind = {"fig5.3", "", "004, figure 5.3", "the same by MBGD", 0},
    .script = tw__asset_figure_fit,
    .make = make_fig5_3,
};
const tw__figure tw__figure_fig5_4 = {
    .kind = {"fig5.4", "", "004, figure 5.4", "the same by SGD, one row at a time", 0},
    .script = tw__asset_figure_fit,
    .make = make_fig5_4,
};
