/* A straight line from nearly 0 up to the base value: "warmup/500;cosine".
 * SPDX-License-Identifier: MIT */
#include <thalweg/schedule.h>

static const tw_option options[] = {
    {"steps", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED, "steps until the base value is reached; 0: the whole piece, or the rest of the run"},
};

static double rate(const tw_instant *now)
{
    return now->s + 1 < now->length ? now->base * (double)(now->s + 1) / (double)now->length : now->base;
}

extern const tw_schedule tw_schedule_warmup;
const tw_schedule tw_schedule_warmup = {
    .size = sizeof(tw_schedule), .name = "warmup", .paper = "Goyal et al. 2017, section 2.2", .equation = "base * min(s + 1, steps) / steps",
    .use = "The first piece before any other, for large batches, high rates and deep networks: \"warmup/500;cosine\".",
    .example = "warmup/200;constant",
    .n_options = 1, .options = options, .length_option = 0, .rate = rate,
};
