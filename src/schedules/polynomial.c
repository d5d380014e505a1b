/* A power of the time that is left, down to floor * base, where it stays or, with cycle, goes up again: then
 * the length grows by itself each time.
 * SPDX-License-Identifier: MIT */
#include <thalweg/schedule.h>

static const tw_option options[] = {
    {"steps", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED,
     "steps from the top to the bottom; 0: the whole piece, or the rest of the run"},
    {"power", TW_REAL, NULL, 1, 0, TW_INF, TW_OPEN,
     "1: a straight line; 2: flat at the end; 0.5: steep at the end"},
    {"floor", TW_REAL, NULL, 0, 0, 1, TW_OPEN_MAX, "share of the base value at the bottom"},
    {"cycle", TW_FLAG, NULL, 0, 0, 1, TW_CLOSED,
     "after the bottom continue as if the length were the next multiple of steps"},
};
enum { STEPS, POWER, FLOOR, CYCLE };
static const tw_alias aliases[] = {{"decay_steps", "steps"},
                                   {"total_iters", "steps"},
                                   {"max_iter", "steps"},
                                   {NULL, NULL}};

static double rate(const tw_instant *now)
{
    uint64_t length = now->length, cycles = now->s / length + (now->s % length != 0);
    double end = now->h[CYCLE] != 0 && cycles > 1 ? (double)cycles * (double)length : (double)length;
    double left = (double)now->s < end ? 1 - (double)now->s / end : 0;
    return now->base * ((1 - now->h[FLOOR]) * tw_pow(left, now->h[POWER]) + now->h[FLOOR]);
}

static uint64_t span(const tw_instant *piece)
{
    return (uint64_t)piece->h[STEPS] * (piece->h[CYCLE] != 0 ? 4 : 1);
}

extern const tw_schedule tw_schedule_polynomial;
const tw_schedule tw_schedule_polynomial = {
    .size = sizeof(tw_schedule),
    .name = "polynomial",
    .paper = "Chen et al. 2018 (DeepLab), the policy \"poly\"",
    .equation =
        "base * ((1 - floor) * (1 - min(s, D) / D)^power + floor), D = steps\ncycle: D = steps * max(1, ceil(s / steps))",
    .use = "Segmentation networks (power 0.9), and fine-tuning (power 1).",
    .example = "polynomial:power=2",
    .n_options = 4,
    .options = options,
    .aliases = aliases,
    .length_option = STEPS,
    .rate = rate,
    .span = span,
};
