/* The steps of Chebyshev's semi-iteration, over and over, in the fractal order that keeps every prefix and
 * every suffix of a period stable. For gradient descent on a quadratic whose curvatures lie between m and
 * kappa * m they are the best steps that do not look at the gradients.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"
#include "base/error.h"

static const tw_option options[] = {
    {"period", TW_INT, NULL, 16, 2, 0x1p20, TW_CLOSED, "steps after which it begins anew, a power of 2"},
    {"kappa", TW_REAL, NULL, 100, 1, TW_INF, TW_OPEN, "largest curvature over smallest"},
};
enum { PERIOD, KAPPA };

/* The order doubles: 1; 1 2; 1 4 2 3; 1 8 4 5 2 7 3 6: behind each member i of a period of n stands 2n + 1 -
 * i. */
static uint64_t fractal(uint64_t place, uint64_t period)
{
    uint64_t i = 1, n = 1;
    for (uint64_t half = period / 2; half; half /= 2) {
        n *= 2;
        if (place & half) i = n + 1 - i;
    }
    return i;
}

static double rate(const tw_instant *now)
{
    uint64_t period = (uint64_t)now->h[PERIOD], i = fractal(now->s % period, period);
    double kappa = now->h[KAPPA],
           node = tw__cos_f64(0x1.921fb54442d18p1 * ((double)(2 * i - 1) / (double)(2 * period)));
    return now->base / (1 - (kappa - 1) / (kappa + 1) * node);
}

static tw_status check(const tw_instant *piece, tw_error *err)
{
    uint64_t period = (uint64_t)piece->h[PERIOD];
    if ((period & (period - 1)) == 0) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "period = %llu is not a power of 2", (unsigned long long)period);
}

static uint64_t span(const tw_instant *piece) { return 2 * (uint64_t)piece->h[PERIOD]; }

extern const tw_schedule tw_schedule_chebyshev;
const tw_schedule tw_schedule_chebyshev = {
    .size = sizeof(tw_schedule),
    .name = "chebyshev",
    .paper = "Agarwal, Goel & Zhang 2021",
    .equation = "base / (1 - (kappa - 1) / (kappa + 1) * cos(pi * (2 * i - 1) / (2 * period)))\n"
                "i: entry s mod period of the fractal order 1; 1 2; 1 4 2 3; 1 8 4 5 2 7 3 6; ...",
    .use =
        "Full-batch descent on (nearly) quadratic problems with base = 2 / (largest + smallest curvature); as fast as momentum, without its state.",
    .example = "chebyshev:period=8,kappa=20",
    .n_options = 2,
    .options = options,
    .length_option = -1,
    .rate = rate,
    .check = check,
    .span = span,
};
