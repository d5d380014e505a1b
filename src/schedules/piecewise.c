/* A value of its own for each stretch between boundaries. The values are factors of the base value, where
 * Keras has the values themselves. At a boundary the old factor still holds, as in Keras: there the first
 * step of the next stretch is the one behind the boundary.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"
#include "base/error.h"

static const tw_option options[] = {
    {"boundaries", TW_LIST, NULL, 0, 0, 0x1p53, TW_CLOSED,
     "last step of each stretch but the final one, rising: 10|30"},
    {"factors", TW_LIST, NULL, 0, 0, TW_INF, TW_OPEN_MAX,
     "factor of the base value in each stretch, one more than boundaries: 1|0.5|0.1"},
};
enum { BOUNDARIES, FACTORS };

static double rate(const tw_instant *now)
{
    const double *list = now->lists + (int)now->h[BOUNDARIES], *factors = now->lists + (int)now->h[FACTORS];
    int passed = 0;
    while (passed < (int)list[0] && list[passed + 1] < (double)now->s) passed++;
    return now->base * factors[passed + 1];
}

static tw_status check(const tw_instant *piece, tw_error *err)
{
    TW_TRY(tw__steps_check(piece, options, BOUNDARIES, "piecewise:boundaries=10|30,factors=1|0.5|0.1", err));
    int boundaries = (int)piece->lists[(int)piece->h[BOUNDARIES]],
        factors = (int)piece->lists[(int)piece->h[FACTORS]];
    if (factors == boundaries + 1) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "factors: %d given, but one more than boundaries is needed, %d",
                    factors, boundaries + 1);
}

static uint64_t span(const tw_instant *piece) { return tw__steps_span(piece, BOUNDARIES); }

extern const tw_schedule tw_schedule_piecewise;
const tw_schedule tw_schedule_piecewise = {
    .size = sizeof(tw_schedule),
    .name = "piecewise",
    .paper = "",
    .equation = "base * factor of the first boundary >= s, behind the last boundary the last factor",
    .use =
        "A table of known values; with the factors of a Keras PiecewiseConstantDecay divided by the base value.",
    .example = "piecewise:boundaries=200|400|800,factors=0.3|1|0.5|0.1",
    .n_options = 2,
    .options = options,
    .length_option = -1,
    .rate = rate,
    .check = check,
    .span = span,
};
