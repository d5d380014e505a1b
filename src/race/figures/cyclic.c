/* Two cyclic learning rates, from the schedules themselves: figure 4.6 of source 004.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figure.h"
#include <thalweg/registry.h>

enum { STEPS = 6000, HALF_CYCLE = 1000, SHAPES = 2 };
static const double base = 0.001, ratio = 6;
static const char *const schedules[SHAPES] = {"triangular:step_size=1000", "triangular2:step_size=1000"};

static const tw__claim_text cycles = {
    .id = "cyclic",
    .source = "004, 4.2.7",
    .printed = "循环学习率，即学习率缓慢增加在缓慢减小并且这样循环进行，Leslie N.Smith 曾提出了两种循环形式",
    .english = "The learning rate rises slowly, falls slowly, and so on in cycles, in two forms",
    .no = "It does not",
};

static tw_status decide(tw__figure_output *output, double *const lr[SHAPES], tw_error *err)
{
    int turns = 0, holds = 1;
    tw_claim *c;
    TW_TRY(tw__claim_add(output, &cycles, &c, err));
    TW__APPEND(c->setting, "%s; %s; lr %s, %d steps", schedules[0], schedules[1], TW__REAL(base), STEPS);
    for (int k = 0; k < SHAPES; k++) {
        TW__APPEND(c->measured, "%s peaks at", k ? "; triangular2" : "triangular");
        for (size_t i = 1; i + 1 < STEPS; i++) {
            if (!(lr[k][i] > lr[k][i - 1] && lr[k][i] > lr[k][i + 1])) continue;
            TW__APPEND(c->measured, " %s (step %zu)", TW__REAL(lr[k][i]), i);
            const double peak = base + (ratio - 1) * base / (k == 1 ? 1 << (i / (2 * HALF_CYCLE)) : 1);
            holds = holds && i % (2 * HALF_CYCLE) == HALF_CYCLE && lr[k][i] > 0.999 * peak &&
                    lr[k][i] < 1.001 * peak;
            turns++;
        }
        holds = holds && lr[k][0] == base && lr[k][2 * HALF_CYCLE] == base;
    }
    holds = holds && turns == SHAPES * STEPS / (2 * HALF_CYCLE);
    tw__claim_decide(c, &cycles, tw__holds(holds, holds));
    return TW_OK;
}

static tw_status draw(tw__figure_output *output, double *step, double *const lr[SHAPES], tw_error *err)
{
    const double *const columns[] = {step, lr[0], lr[1]};
    for (size_t i = 0; i < STEPS; i++) step[i] = (double)i;
    for (int k = 0; k < SHAPES; k++)
        TW_TRY(tw_schedule_values(schedules[k], NULL, base, STEPS, STEPS, lr[k], err));
    TW_TRY(tw__output_columns(output, "lr", "step,triangular,triangular2", STEPS, 3, columns, err));
    return decide(output, lr, err);
}

static tw_status make(tw__figure_output *output, tw_error *err)
{
    double *block;
    TW_TRY(tw__alloc(output->ctx, &block, (size_t)(1 + SHAPES) * STEPS, sizeof *block, err));
    const tw_status s = draw(output, block, (double *const[]){block + STEPS, block + (size_t)2 * STEPS}, err);
    tw__free(output->ctx, block, (size_t)(1 + SHAPES) * STEPS, sizeof *block);
    return s;
}

extern const unsigned char tw__asset_figure_cyclic[];
extern const tw__figure tw__figure_fig4_6;
const tw__figure tw__figure_fig4_6 = {
    .kind = {"fig4.6", "", "004, figure 4.6", "two forms of cyclic learning rates", 0},
    .script = tw__asset_figure_cyclic,
    .make = make,
};
