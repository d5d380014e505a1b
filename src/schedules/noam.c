/* The transformer's schedule: up on a straight line, then down as one over the square root. The paper's
 * factor d_model^-0.5 is part of the base value.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"

static const tw_option options[] = {{"warmup", TW_INT, NULL, 4000, 1, 0x1p53, TW_CLOSED,
                                     "steps up to the top, which is base / sqrt(warmup)"}};
enum { WARMUP };
static const tw_alias aliases[] = {{"warmup_steps", "warmup"}, {NULL, NULL}};

static double rate(const tw_instant *now)
{
    double t = (double)now->s + 1, warmup = now->h[WARMUP];
    return now->base * (t < warmup ? t / (warmup * __builtin_sqrt(warmup)) : 1 / __builtin_sqrt(t));
}

static tw_status check(const tw_instant *piece, tw_error *err)
{
    return tw__end_check(piece, options, WARMUP, err);
}

static uint64_t span(const tw_instant *piece) { return 4 * (uint64_t)piece->h[0]; }

extern const tw_schedule tw_schedule_noam;
const tw_schedule tw_schedule_noam = {
    .size = sizeof(tw_schedule),
    .name = "noam",
    .paper = "Vaswani et al. 2017, equation 3, with base = d_model^-0.5",
    .equation = "base * min((s + 1)^-0.5, (s + 1) * warmup^-1.5)",
    .use = "Transformers from scratch, with base = d_model^-0.5 (0.044 for 512).",
    .example = "noam:warmup=200",
    .n_options = 1,
    .options = options,
    .aliases = aliases,
    .length_option = -1,
    .rate = rate,
    .check = check,
    .span = span,
};
