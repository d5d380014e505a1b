/* One cycle: up from base / div_factor to base in pct_start of the steps, then down to base / div_factor /
 * final_div_factor; with three_phase down the way it came, and from there to the end. Borders as in PyTorch:
 * the top is reached after pct_start * steps - 1 steps. It stays at the end.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"
#include "base/error.h"

static const tw_option options[] = {
    {"steps", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED,
     "steps of the cycle; 0: the whole piece, or the rest of the run"},
    {"pct_start", TW_REAL, NULL, 0.3, 0, 1, TW_OPEN, "share of the steps that go up"},
    {"div_factor", TW_REAL, NULL, 25, 0, TW_INF, TW_OPEN, "base is this many times the start"},
    {"final_div_factor", TW_REAL, NULL, 10000, 0, TW_INF, TW_OPEN, "the start is this many times the end"},
    {"three_phase", TW_FLAG, NULL, 0, 0, 1, TW_CLOSED, "down to the start as fast as up, then to the end"},
    {"anneal", TW_WORD, "cos linear", 0, 0, 0, TW_CLOSED, "along half waves or straight lines"},
};
enum { STEPS, PCT_START, DIV_FACTOR, FINAL_DIV_FACTOR, THREE_PHASE, ANNEAL };
static const tw_alias aliases[] = {{"total_steps", "steps"}, {"anneal_strategy", "anneal"}, {NULL, NULL}};

static double between(const tw_instant *now, double start, double end, double q)
{
    double kept = now->h[ANNEAL] == 0 ? tw__half_wave(q) : 1 - q;
    return now->base * (end + (start - end) * kept);
}

static double rate(const tw_instant *now)
{
    double last = (double)now->length - 1, s = (double)now->s < last ? (double)now->s : last;
    double top = now->h[PCT_START] * (double)now->length - 1, back = 2 * top;
    double low = 1 / now->h[DIV_FACTOR], end = low / now->h[FINAL_DIV_FACTOR];
    if (s <= top && top > 0) return between(now, low, 1, s / top);
    if (now->h[THREE_PHASE] == 0) return between(now, 1, end, (s - top) / (last - top));
    if (s <= back && back > top) return between(now, 1, low, (s - top) / (back - top));
    return between(now, low, end, (s - back) / (last - back));
}

static tw_status check(const tw_instant *piece, tw_error *err)
{
    const double *h = piece->h;
    if (h[DIV_FACTOR] == 1 && h[FINAL_DIV_FACTOR] == 1)
        return tw__fail(
            err, TW_ERR_SPEC,
            "with div_factor = 1 and final_div_factor = 1 nothing changes; the schedule \"constant\" does that");
    if (h[THREE_PHASE] != 0 && h[PCT_START] > 0.5)
        return tw__fail(
            err, TW_ERR_SPEC,
            "pct_start = %g is above 0.5: with three_phase the way up and the way down are equally long",
            h[PCT_START]);
    return TW_OK;
}

extern const tw_schedule tw_schedule_onecycle;
const tw_schedule tw_schedule_onecycle = {
    .size = sizeof(tw_schedule),
    .name = "onecycle",
    .paper = "Smith & Topin 2019; borders as PyTorch's OneCycleLR",
    .equation =
        "low = base / div_factor, end = low / final_div_factor, top = pct_start * steps - 1\n"
        "from low to base at s = top, from there to end at s = steps - 1\n"
        "three_phase: from base to low at s = 2 * top, from there to end\n"
        "anneal=cos: from a to b as b + (a - b) * (1 + cos(pi * q)) / 2, q the share of the way; linear: b + (a - b) * (1 - q)",
    .use =
        "Short runs at a high rate (base is the top); for momentum take div_factor below 1 and final_div_factor=1, and it runs against the rate.",
    .example = "onecycle",
    .n_options = 6,
    .options = options,
    .aliases = aliases,
    .length_option = STEPS,
    .rate = rate,
    .check = check,
};
