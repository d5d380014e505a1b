/* A straight line from nearly 0 up to the base value: "warmup/500;cosine".
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include <thalweg/schedule.h>

static const tw_option options[] = {
    {"steps", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED,
     "steps until the base value is reached; 0: the whole piece, or the rest of the run"},
};

static double rate(const tw_instant *now)
{
    return now->s + 1 < now->length ? now->base * (double)(now->s + 1) / (double)now->length : now->base;
}

static tw_status check(const tw_instant *piece, tw_error *err)
{
    if (piece->s == 0 || piece->length <= piece->s) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "a warm-up of %llu steps does not end in the %llu that are left for it (a share of the run is written \"warmup/5%%\")",
        (unsigned long long)piece->length, (unsigned long long)piece->s);
}

static uint64_t span(const tw_instant *piece) { return 2 * (uint64_t)piece->h[0]; }

extern const tw_schedule tw_schedule_warmup;
const tw_schedule tw_schedule_warmup = {
    .size = sizeof(tw_schedule),
    .name = "warmup",
    .paper = "Goyal et al. 2017, section 2.2",
    .equation = "base * min(s + 1, steps) / steps",
    .use =
        "The first piece before any other, for large batches, high rates and deep networks: \"warmup/500;cosine\".",
    .example = "warmup/200;constant",
    .n_options = 1,
    .options = options,
    .length_option = 0,
    .rate = rate,
    .check = check,
    .span = span,
};
