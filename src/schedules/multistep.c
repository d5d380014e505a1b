/* Drops at given steps.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"

static const tw_option options[] = {
    {"milestones", TW_LIST, NULL, 0, 0, 0x1p53, TW_CLOSED, "steps done at each drop, rising: 30|60|80"},
    {"gamma", TW_REAL, NULL, 0.1, 0, TW_INF, TW_OPEN_MAX, "factor of each drop"},
};
enum { MILESTONES, GAMMA };
static const tw_alias aliases[] = {{"stepvalue", "milestones"}, {NULL, NULL}};

static double rate(const tw_instant *now)
{
    const double *list = now->lists + (int)now->h[MILESTONES];
    int passed = 0;
    while (passed < (int)list[0] && list[passed + 1] <= (double)now->s) passed++;
    return now->base * tw_pow_n(now->h[GAMMA], (uint64_t)passed);
}

static tw_status check(const tw_instant *piece, tw_error *err)
{
    return tw__steps_check(piece, options, MILESTONES, "multistep:milestones=30|60", err);
}

static uint64_t span(const tw_instant *piece) { return tw__steps_span(piece, MILESTONES); }

extern const tw_schedule tw_schedule_multistep;
const tw_schedule tw_schedule_multistep = {
    .size = sizeof(tw_schedule),
    .name = "multistep",
    .paper = "",
    .equation = "base * gamma^n, n: number of milestones <= s",
    .use =
        "As step, where the drops are not evenly spaced; recipes for image networks are written like this.",
    .example = "multistep:milestones=400|700,gamma=0.3",
    .n_options = 2,
    .options = options,
    .aliases = aliases,
    .length_option = -1,
    .rate = rate,
    .check = check,
    .span = span,
};
