/* The loss of single-row updates beside that of full ones: figure 3.2 of source 004.
 * SPDX-License-Identifier: MIT */
#include "race/colours.h"
#include "race/figures/line.h"

enum { UPDATES = 300, LATE = 100 };
static const char optimizer[] = "sgd:lr=0.1";

static const tw__claim_text shakes = {
    .id = "oscillation",
    .source = "004, 3.2.2",
    .printed =
        "该算法只利用了极少的样本信息，而高频率的参数更新会导致高方差，所以有可能会出现目标函数值剧烈震荡的现象",
    .english = "With one row per update the loss may oscillate heavily",
    .no = "It did not, or BGD's did, too",
};

/* Mean distance from one value to the next. */
static double swing(const tw__trace *c)
{
    double sum = 0;
    for (size_t i = LATE; i < c->n; i++)
        sum += c->loss[i] > c->loss[i - 1] ? c->loss[i] - c->loss[i - 1] : c->loss[i - 1] - c->loss[i];
    return sum / (double)(c->n - LATE);
}

static tw_status decide(tw__figure_output *output, const tw__line *line, const tw__trace *one,
                        const tw__trace *all, tw_error *err)
{
    const size_t up = tw__rises(one->loss, one->n), up_all = tw__rises(all->loss, all->n);
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &shakes, &c, err));
    TW__APPEND(
        c->setting,
        "y = 0.5 x + 1 + 0.5 N(0, 1), 128 rows (fig3.2-rows.csv); %s, one row an update, against all rows, %d updates",
        optimizer, UPDATES);
    TW__APPEND(
        c->measured,
        "%zu of %d updates make the loss of all rows larger, with all rows in an update %zu; from update %d on it moves by %s an "
        "update (by %s), where the best is %s",
        up, UPDATES, up_all, LATE, TW__REAL(swing(one)), TW__REAL(swing(all)), TW__REAL(line->least));
    const int holds = 4 * up > UPDATES && up_all == 0 && swing(one) > 0.05 * line->least;
    tw__claim_decide(c, &shakes, tw__holds(holds, holds));
    return TW_OK;
}

static tw_status make(tw__figure_output *output, tw_error *err)
{
    static const tw__trace_setting single = {.optimizer = optimizer,
                                             .estimator = "single",
                                             .updates = UPDATES,
                                             .every = 1};
    static const tw__trace_setting full = {.optimizer = optimizer,
                                           .estimator = "full",
                                           .updates = UPDATES,
                                           .every = 1};
    tw__line line;
    tw__trace one = {0}, all = {0};
    TW_TRY(tw__line_make(&line, output->ctx, err));
    tw_status s = tw__trace_make(&one, &line.rows, &single, err);
    if (s == TW_OK) s = tw__trace_make(&all, &line.rows, &full, err);
    if (s == TW_OK) s = tw__line_write(output, &line, err);
    if (s == TW_OK) s = tw__trace_write(output, "sgd", &one, line.least, err);
    if (s == TW_OK) s = tw__trace_write(output, "bgd", &all, line.least, err);
    tw__output_text(output, "colour_of_sgd", tw__colour_of_rule("sgd"));
    if (s == TW_OK) s = decide(output, &line, &one, &all, err);
    tw__trace_free(&one);
    tw__trace_free(&all);
    tw__rows_free(&line.rows);
    return s;
}

extern const unsigned char tw__asset_figure_oscillation[];
extern const tw__figure tw__figure_fig3_2;
const tw__figure tw__figure_fig3_2 = {
    .kind = {"fig3.2", "", "004, figure 3.2", "the loss with one row per update oscillates", 0},
    .script = tw__asset_figure_oscillation,
    .make = make,
};
