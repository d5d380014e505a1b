/* Reflected exponential: slow at first, fast at the end.
 * SPDX-License-Identifier: MIT */
#include <thalweg/schedule.h>

static const tw_option options[] = {
    {"steps", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED,
     "steps from the top to the bottom; 0: the whole piece, or the rest of the run"},
    {"floor", TW_REAL, NULL, 0, 0, 1, TW_OPEN_MAX, "share of the base value at the bottom"},
};
enum { STEPS, FLOOR };
static const tw_alias aliases[] = {{"total_steps", "steps"}, {NULL, NULL}};

static double rate(const tw_instant *now)
{
    double left = now->s < now->length ? 1 - (double)now->s / (double)now->length : 0;
    return now->base * ((1 - now->h[FLOOR]) * (left / (0.5 + 0.5 * left)) + now->h[FLOOR]);
}

extern const tw_schedule tw_schedule_rex;
const tw_schedule tw_schedule_rex = {
    .size = sizeof(tw_schedule),
    .name = "rex",
    .paper = "Chen, Wolfe & Kyrillidis 2022",
    .equation = "base * ((1 - floor) * z / (1/2 + z/2) + floor), z = 1 - min(s, steps) / steps",
    .use = "Runs that are short for their task, where a linear decay gives up the high rate too early.",
    .example = "rex",
    .n_options = 2,
    .options = options,
    .aliases = aliases,
    .length_option = STEPS,
    .rate = rate,
};
