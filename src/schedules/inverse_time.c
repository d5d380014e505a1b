/* 1/t: with decay_steps = 1 it is the `decay` of Keras 2's optimisers.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"

static const tw_option options[] = {
    {"decay_rate", TW_REAL, NULL, 0.001, 0, TW_INF, TW_OPEN, "growth of the divisor in decay_steps steps"},
    {"decay_steps", TW_INT, NULL, 1, 1, 0x1p53, TW_CLOSED, "steps in which the divisor grows by decay_rate"},
    {"staircase", TW_FLAG, NULL, 0, 0, 1, TW_CLOSED, "in jumps: s / decay_steps is rounded down"},
};
enum { DECAY_RATE, DECAY_STEPS, STAIRCASE };
static const tw_alias aliases[] = {{"decay", "decay_rate"}, {NULL, NULL}};

static double rate(const tw_instant *now)
{
    return now->base / (1 + now->h[DECAY_RATE] * tw__spans(now->s, now->h[DECAY_STEPS], now->h[STAIRCASE]));
}

static const char *ineffective(const tw_instant *piece, int option)
{
    return option == STAIRCASE ? tw__stairs_ineffective(piece, DECAY_STEPS) : NULL;
}

extern const tw_schedule tw_schedule_inverse_time;
const tw_schedule tw_schedule_inverse_time = {
    .size = sizeof(tw_schedule),
    .name = "inverse_time",
    .paper = "Robbins & Monro 1951",
    .equation = "base / (1 + decay_rate * s / decay_steps)\nstaircase: s / decay_steps is rounded down",
    .use = "Strongly convex problems, where sgd with 1/t steps reaches the optimum.",
    .example = "inverse_time:decay_rate=1,decay_steps=100",
    .n_options = 3,
    .options = options,
    .aliases = aliases,
    .length_option = -1,
    .rate = rate,
    .ineffective = ineffective,
};
