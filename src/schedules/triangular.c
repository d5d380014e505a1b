/* Cyclical learning rate: up and down again on straight lines between the base value and max_factor times
 * that.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"

static const tw_option options[] = {TW__TRIANGLE_OPTIONS};
static const tw_alias aliases[] = {TW__TRIANGLE_ALIASES, {NULL, NULL}};

static double rate(const tw_instant *now)
{
    uint64_t cycle;
    double height = tw__triangle(now->s, now->h[TW__STEP_SIZE], now->h[TW__STEP_SIZE_DOWN], &cycle);
    return now->base * (1 + (now->h[TW__MAX_FACTOR] - 1) * height);
}

extern const tw_schedule tw_schedule_triangular;
const tw_schedule tw_schedule_triangular = {
    .size = sizeof(tw_schedule),
    .name = "triangular",
    .paper = "Smith 2017, section 3.1",
    .equation =
        "base * (1 + (max_factor - 1) * x)\nx: 0 to 1 in step_size steps, then to 0 in step_size_down",
    .use =
        "Where no decay is wanted and the right value is known only roughly; max_factor below 1 makes momentum run against the rate.",
    .example = "triangular:step_size=100",
    .n_options = 3,
    .options = options,
    .aliases = aliases,
    .length_option = -1,
    .rate = rate,
    .check = tw__triangle_check,
    .span = tw__triangle_span,
};
