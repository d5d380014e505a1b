/* Warm-up, stable, decay: three phases, of which the middle one takes what the others leave of the steps.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"
#include "base/error.h"

static const tw_option options[] = {
    {"steps", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED,
     "steps of all three phases; 0: the whole piece, or the rest of the run"},
    {"warmup", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED, "steps of the first phase"},
    {"decay", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED, "steps of the last phase; 0: a tenth of all"},
    {"shape", TW_WORD, "linear cosine sqrt", 0, 0, 0, TW_CLOSED, "of the decay"},
    {"floor", TW_REAL, NULL, 0, 0, 1, TW_OPEN_MAX, "share of the base value at the end"},
};
enum { STEPS, WARMUP, DECAY, SHAPE, FLOOR };
enum { LINEAR, COSINE, SQRT };
static const tw_alias aliases[] = {
    {"warmup_steps", "warmup"},
    {"num_warmup_steps", "warmup"},
    {"decay_steps", "decay"},
    {"num_decay_steps", "decay"},
    {NULL, NULL},
};

static uint64_t decay_steps(const tw_instant *now)
{
    uint64_t tenth = now->length / 10;
    return now->h[DECAY] > 0 ? (uint64_t)now->h[DECAY] : tenth ? tenth : 1;
}

static double rate(const tw_instant *now)
{
    uint64_t warmup = (uint64_t)now->h[WARMUP], decay = decay_steps(now);
    if (now->s < warmup) return now->base * (double)(now->s + 1) / (double)warmup;
    if (now->s + decay <= now->length) return now->base;
    double left = now->s < now->length ? (double)(now->length - now->s) / (double)decay : 0, height = left;
    if (now->h[SHAPE] == COSINE) height = 1 - tw__half_wave(left);
    if (now->h[SHAPE] == SQRT) height = 1 - __builtin_sqrt(1 - left);
    return now->base * ((1 - now->h[FLOOR]) * height + now->h[FLOOR]);
}

static tw_status check(const tw_instant *piece, tw_error *err)
{
    double warmup = piece->h[WARMUP], decay = (double)decay_steps(piece);
    if (warmup + decay <= (double)piece->length) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "warmup = %.0f and decay = %.0f need more than the %.0f steps that wsd has", warmup,
                    decay, (double)piece->length);
}

extern const tw_schedule tw_schedule_wsd;
const tw_schedule tw_schedule_wsd = {
    .size = sizeof(tw_schedule),
    .name = "wsd",
    .paper = "Hu et al. 2024 (MiniCPM), section 4; sqrt: Haegele et al. 2024",
    .equation =
        "s < warmup: base * (s + 1) / warmup\nup to steps - decay: base\n"
        "then base * ((1 - floor) * d + floor), d = max(0, steps - s) / decay\nshape=cosine: (1 - cos(pi * d)) / 2 for d; shape=sqrt: 1 - sqrt(1 - d)",
    .use =
        "When the length of the run is not settled: any checkpoint of the stable phase can be ended with a decay.",
    .example = "wsd:warmup=100,decay=300,shape=sqrt",
    .n_options = 5,
    .options = options,
    .aliases = aliases,
    .length_option = STEPS,
    .rate = rate,
    .check = check,
};
