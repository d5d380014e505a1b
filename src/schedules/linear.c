/* A straight line from one factor of the base value to another, where it stays. PyTorch's LinearLR begins at
 * 1/3 and ends at 1.
 * SPDX-License-Identifier: MIT */
#include <thalweg/schedule.h>
#include "base/error.h"

static const tw_option options[] = {
    {"steps", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED,
     "steps from start to end; 0: the whole piece, or the rest of the run"},
    {"start_factor", TW_REAL, NULL, 1, 0, TW_INF, TW_OPEN_MAX, "factor of the base value at the start"},
    {"end_factor", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX, "factor of the base value at the end"},
};
enum { STEPS, START_FACTOR, END_FACTOR };
static const tw_alias aliases[] = {{"total_iters", "steps"}, {"decay_steps", "steps"}, {NULL, NULL}};

static double rate(const tw_instant *now)
{
    double q = now->s < now->length ? (double)now->s / (double)now->length : 1;
    return now->base * ((1 - q) * now->h[START_FACTOR] + q * now->h[END_FACTOR]);
}

static tw_status check(const tw_instant *piece, tw_error *err)
{
    if (piece->h[START_FACTOR] != piece->h[END_FACTOR]) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "start_factor and end_factor are equal; the schedule \"constant\" does that");
}

extern const tw_schedule tw_schedule_linear;
const tw_schedule tw_schedule_linear = {
    .size = sizeof(tw_schedule),
    .name = "linear",
    .paper = "",
    .equation = "base * ((1 - q) * start_factor + q * end_factor), q = min(s, steps) / steps",
    .use =
        "The simplest decay to the end of a run, as good as cosine for many networks; also for momentum that is to rise.",
    .example = "linear",
    .n_options = 3,
    .options = options,
    .aliases = aliases,
    .length_option = STEPS,
    .rate = rate,
    .check = check,
};
