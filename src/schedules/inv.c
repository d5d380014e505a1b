/* Caffe's policy "inv": between inverse time (power 1) and inverse square root (power 1/2).
 * SPDX-License-Identifier: MIT */
#include <thalweg/schedule.h>

static const tw_option options[] = {
    {"gamma", TW_REAL, NULL, 0.0001, 0, TW_INF, TW_OPEN, "growth of the divisor in a step"},
    {"power", TW_REAL, NULL, 0.75, 0, TW_INF, TW_OPEN, "exponent of the divisor"},
};
enum { GAMMA, POWER };

static double rate(const tw_instant *now)
{
    return now->base * tw_pow(1 + now->h[GAMMA] * (double)now->s, -now->h[POWER]);
}

extern const tw_schedule tw_schedule_inv;
const tw_schedule tw_schedule_inv = {
    .size = sizeof(tw_schedule),
    .name = "inv",
    .paper = "Bottou 2012; Caffe's lr_policy inv",
    .equation = "base * (1 + gamma * s)^-power",
    .use =
        "To repeat Caffe's recipes (LeNet: the defaults), and for averaged sgd, whose theory asks for a power between 1/2 and 1.",
    .example = "inv:gamma=0.01",
    .n_options = 2,
    .options = options,
    .length_option = -1,
    .rate = rate,
};
