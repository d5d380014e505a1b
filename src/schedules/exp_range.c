/* Cyclical learning rate whose top falls by the factor gamma in each step.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"

static const tw_option options[] = {
    TW__TRIANGLE_OPTIONS,
    {"gamma", TW_REAL, NULL, 0.9999, 0, TW_INF, TW_OPEN, "factor of the height in each step"},
};
enum { GAMMA = TW__MAX_FACTOR + 1 };
static const tw_alias aliases[] = {TW__TRIANGLE_ALIASES, {NULL, NULL}};

static double rate(const tw_instant *now)
{
    uint64_t cycle;
    double height = tw__triangle(now->s, now->h[TW__STEP_SIZE], now->h[TW__STEP_SIZE_DOWN], &cycle) *
                    tw_pow(now->h[GAMMA], (double)now->s);
    return now->base * (1 + (now->h[TW__MAX_FACTOR] - 1) * height);
}

extern const tw_schedule tw_schedule_exp_range;
const tw_schedule tw_schedule_exp_range = {
    .size = sizeof(tw_schedule),
    .name = "exp_range",
    .paper = "Smith 2017, section 3.1",
    .equation =
        "base * (1 + (max_factor - 1) * x * gamma^s)\nx: 0 to 1 in step_size steps, then to 0 in step_size_down",
    .use = "As triangular2, with a decay that does not depend on the cycle.",
    .example = "exp_range:step_size=100,gamma=0.998",
    .n_options = 4,
    .options = options,
    .aliases = aliases,
    .length_option = -1,
    .rate = rate,
    .check = tw__triangle_check,
    .span = tw__triangle_span,
};
