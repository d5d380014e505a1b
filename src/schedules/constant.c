/* The same value all the time; with a factor, a drop by hand: "constant/50;constant:factor=0.1".
 * SPDX-License-Identifier: MIT */
#include <thalweg/schedule.h>

static const tw_option options[] = {
    {"factor", TW_REAL, NULL, 1, 0, TW_INF, TW_OPEN_MAX, "multiplies the value"}};
enum { FACTOR };

static double rate(const tw_instant *now) { return now->base * now->h[FACTOR]; }

extern const tw_schedule tw_schedule_constant;
const tw_schedule tw_schedule_constant = {
    .size = sizeof(tw_schedule),
    .name = "constant",
    .paper = "",
    .equation = "base * factor",
    .use = "The default: for a first look, for short runs, and as a piece between others.",
    .example = "constant:factor=0.5",
    .n_options = 1,
    .options = options,
    .length_option = -1,
    .rate = rate,
};
