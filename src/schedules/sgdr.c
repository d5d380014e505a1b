/* Stochastic gradient descent with warm restarts: cosines of T_0, T_0 T_mult, T_0 T_mult^2, ... steps, each
 * from the top. The place in the cycle is found by whole numbers, so every border is exact.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"

static const tw_option options[] = {
    {"T_0", TW_INT, NULL, 1000, 1, 0x1p53, TW_CLOSED, "steps of the first cycle"},
    {"T_mult", TW_INT, NULL, 2, 1, 1024, TW_CLOSED,
     "each cycle is this many times as long as the one before"},
    {"gamma", TW_REAL, NULL, 1, 0, TW_INF, TW_OPEN, "each peak is this times the one before"},
    {"floor", TW_REAL, NULL, 0, 0, 1, TW_OPEN_MAX, "share of the base value at the bottom"},
};
enum { T_0, T_MULT, GAMMA, FLOOR };
static const tw_alias aliases[] = {{"first_decay_steps", "T_0"},
                                   {"t_mul", "T_mult"},
                                   {"m_mul", "gamma"},
                                   {"alpha", "floor"},
                                   {NULL, NULL}};

static double rate(const tw_instant *now)
{
    uint64_t s = now->s, length = (uint64_t)now->h[T_0], factor = (uint64_t)now->h[T_MULT], cycle = 0;
    if (factor == 1) {
        cycle = s / length;
        s %= length;
    } else
        for (; s >= length; cycle++) { /* length <= s <= 2^53 before it is multiplied by at most 2^10 */
            s -= length;
            length *= factor;
        }
    double wave = tw_pow_n(now->h[GAMMA], cycle) * tw__half_wave((double)s / (double)length);
    return now->base * ((1 - now->h[FLOOR]) * wave + now->h[FLOOR]);
}

static const char *ineffective(const tw_instant *piece, int option)
{
    const int is_of_restarts = option == T_MULT || option == GAMMA;
    return is_of_restarts && piece->s && piece->h[T_0] >= (double)piece->s
               ? "the run ends before the first restart"
               : NULL;
}

static tw_status check(const tw_instant *piece, tw_error *err)
{
    return tw__end_check(piece, options, T_0, err);
}

static uint64_t span(const tw_instant *piece)
{
    return (uint64_t)piece->h[T_0] * (1 + (uint64_t)piece->h[T_MULT]);
}

extern const tw_schedule tw_schedule_sgdr;
const tw_schedule tw_schedule_sgdr = {
    .size = sizeof(tw_schedule),
    .name = "sgdr",
    .paper = "Loshchilov & Hutter 2017, equation 5",
    .equation = "base * ((1 - floor) * gamma^i * (1 + cos(pi * t / T)) / 2 + floor)\n"
                "i: cycles done, T = T_0 * T_mult^i: this cycle's steps, t: steps done in it",
    .use =
        "When a good model is wanted at several times of one run, or a set of models, one at the end of each cycle.",
    .example = "sgdr:T_0=150,gamma=0.7",
    .n_options = 4,
    .options = options,
    .aliases = aliases,
    .length_option = -1,
    .rate = rate,
    .ineffective = ineffective,
    .check = check,
    .span = span,
};
