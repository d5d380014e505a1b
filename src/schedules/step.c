/* Stairs: after every `step_size` steps the value is multiplied by gamma.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"

static const tw_option options[] = {
    {"step_size", TW_INT, NULL, 1000, 1, 0x1p53, TW_CLOSED, "steps from one drop to the next"},
    {"gamma", TW_REAL, NULL, 0.1, 0, TW_INF, TW_OPEN_MAX, "factor of each drop"},
};
enum { STEP_SIZE, GAMMA };
static const tw_alias aliases[] = {{"stepsize", "step_size"}, {NULL, NULL}};

static double rate(const tw_instant *now)
{
    return now->base * tw_pow_n(now->h[GAMMA], now->s / (uint64_t)now->h[STEP_SIZE]);
}

static tw_status check(const tw_instant *piece, tw_error *err)
{
    return tw__step_check(piece, options[STEP_SIZE].name, piece->h[STEP_SIZE], err);
}
static uint64_t span(const tw_instant *piece) { return 4 * (uint64_t)piece->h[STEP_SIZE]; }

extern const tw_schedule tw_schedule_step;
const tw_schedule tw_schedule_step = {
    .size = sizeof(tw_schedule),
    .name = "step",
    .paper = "",
    .equation = "base * gamma^floor(s / step_size)",
    .use =
        "Long runs whose loss comes to rest between drops; the classical choice for convolutional networks.",
    .example = "step:step_size=250,gamma=0.5",
    .n_options = 2,
    .options = options,
    .aliases = aliases,
    .length_option = -1,
    .rate = rate,
    .check = check,
    .span = span,
};
