/* One over the square root of the time.
 * SPDX-License-Identifier: MIT */
#include <thalweg/schedule.h>

static const tw_option options[] = {
    {"decay_steps", TW_INT, NULL, 1, 1, 0x1p53, TW_CLOSED,
     "unit of time: after 3 of them the value is halved"},
};
enum { DECAY_STEPS };

static double rate(const tw_instant *now)
{
    return now->base / __builtin_sqrt(1 + (double)now->s / now->h[DECAY_STEPS]);
}

extern const tw_schedule tw_schedule_inv_sqrt;
const tw_schedule tw_schedule_inv_sqrt = {
    .size = sizeof(tw_schedule),
    .name = "inv_sqrt",
    .paper = "Zinkevich 2003, theorem 1",
    .equation = "base / sqrt(1 + s / decay_steps)",
    .use = "Convex problems without strong convexity, and runs without an end; for transformers see noam.",
    .example = "inv_sqrt:decay_steps=50",
    .n_options = 1,
    .options = options,
    .length_option = -1,
    .rate = rate,
};
