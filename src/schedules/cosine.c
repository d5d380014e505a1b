/* Half a wave of the cosine from the base value down to floor * base, where it stays (Keras) or, with rise,
 * goes up again (PyTorch).
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"

static const tw_option options[] = {
    {"steps", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED,
     "steps from the top to the bottom; 0: the whole piece, or the rest of the run"},
    {"floor", TW_REAL, NULL, 0, 0, 1, TW_OPEN_MAX, "share of the base value at the bottom"},
    {"rise", TW_FLAG, NULL, 0, 0, 1, TW_CLOSED, "go up again after the bottom instead of staying there"},
};
enum { STEPS, FLOOR, RISE };
static const tw_alias aliases[] = {{"alpha", "floor"},
                                   {"decay_steps", "steps"},
                                   {"T_max", "steps"},
                                   {NULL, NULL}};

static double rate(const tw_instant *now)
{
    uint64_t s = now->s;
    if (s > now->length) s = now->h[RISE] != 0 ? s % (2 * now->length) : now->length;
    return now->base * ((1 - now->h[FLOOR]) * tw__half_wave((double)s / (double)now->length) + now->h[FLOOR]);
}

static uint64_t span(const tw_instant *piece)
{
    return (uint64_t)piece->h[STEPS] * (piece->h[RISE] != 0 ? 4 : 1);
}

extern const tw_schedule tw_schedule_cosine;
const tw_schedule tw_schedule_cosine = {
    .size = sizeof(tw_schedule),
    .name = "cosine",
    .paper = "Loshchilov & Hutter 2017, equation 5, without restarts",
    .equation =
        "base * ((1 - floor) * (1 + cos(pi * min(s, steps) / steps)) / 2 + floor)\nrise: s stands for min(s, steps)",
    .use =
        "The safe choice for a run of known length, with a warm-up before it where the network is deep: \"warmup/500;cosine\".",
    .example = "cosine",
    .n_options = 3,
    .options = options,
    .aliases = aliases,
    .length_option = STEPS,
    .rate = rate,
    .span = span,
};
