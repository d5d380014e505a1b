/* The same factor every step, or every `decay_steps` steps.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"

static const tw_option options[] = {
    {"gamma", TW_REAL, NULL, 0.999, 0, TW_INF, TW_OPEN, "factor of each decay_steps steps"},
    {"decay_steps", TW_INT, NULL, 1, 1, 0x1p53, TW_CLOSED, "steps in which the value is multiplied by gamma"},
    {"staircase", TW_FLAG, NULL, 0, 0, 1, TW_CLOSED, "in jumps: s / decay_steps is rounded down"},
};
enum { GAMMA, DECAY_STEPS, STAIRCASE };
static const tw_alias aliases[] = {{"decay_rate", "gamma"}, {NULL, NULL}};

static double rate(const tw_instant *now)
{
    return now->base * tw_pow(now->h[GAMMA], tw__spans(now->s, now->h[DECAY_STEPS], now->h[STAIRCASE]));
}

static const char *ineffective(const tw_instant *piece, int option)
{
    return option == STAIRCASE ? tw__stairs_ineffective(piece, DECAY_STEPS) : NULL;
}

extern const tw_schedule tw_schedule_exponential;
const tw_schedule tw_schedule_exponential = {
    .size = sizeof(tw_schedule),
    .name = "exponential",
    .paper = "",
    .equation = "base * gamma^(s / decay_steps)\nstaircase: s / decay_steps is rounded down",
    .use =
        "A smooth decay without a known end; gamma = 0.1 with decay_steps a third of the run is a safe start.",
    .example = "exponential:gamma=0.1,decay_steps=500",
    .n_options = 3,
    .options = options,
    .aliases = aliases,
    .length_option = -1,
    .rate = rate,
    .ineffective = ineffective,
};
