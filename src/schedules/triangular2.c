/* Cyclical learning rate whose top comes half as far up in each cycle.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"

static const tw_option options[] = {TW__TRIANGLE_OPTIONS};
static const tw_alias aliases[] = {TW__TRIANGLE_ALIASES, {NULL, NULL}};

static double rate(const tw_instant *now)
{
    uint64_t cycle;
    double height = tw__triangle(now->s, now->h[TW__STEP_SIZE], now->h[TW__STEP_SIZE_DOWN], &cycle) *
                    tw_pow_n(0.5, cycle);
    return now->base * (1 + (now->h[TW__MAX_FACTOR] - 1) * height);
}

extern const tw_schedule tw_schedule_triangular2;
const tw_schedule tw_schedule_triangular2 = {
    .size = sizeof(tw_schedule),
    .name = "triangular2",
    .paper = "Smith 2017, section 3.1",
    .equation =
        "base * (1 + (max_factor - 1) * x / 2^cycle)\nx: 0 to 1 in step_size steps, then to 0 in step_size_down; cycle: cycles done",
    .use = "As triangular, for a run that is to come to rest.",
    .example = "triangular2:step_size=125",
    .n_options = 3,
    .options = options,
    .aliases = aliases,
    .length_option = -1,
    .rate = rate,
    .check = tw__triangle_check,
    .span = tw__triangle_span,
};
