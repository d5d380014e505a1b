/* Checks that several schedules share; see shapes.h.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"
#include "base/error.h"

tw_status tw__triangle_check(const tw_instant *piece, tw_error *err)
{
    static const tw_option options[] = {TW__TRIANGLE_OPTIONS};
    if (piece->h[TW__MAX_FACTOR] == 1)
        return tw__fail(
            err, TW_ERR_SPEC,
            "max_factor = 1 leaves no room between bottom and top; the schedule \"constant\" does that");
    return tw__end_check(piece, options, TW__STEP_SIZE, err);
}

uint64_t tw__triangle_span(const tw_instant *piece)
{
    const double up = piece->h[TW__STEP_SIZE], down = piece->h[TW__STEP_SIZE_DOWN];
    return 2 * ((uint64_t)up + (uint64_t)(down > 0 ? down : up));
}

tw_status tw__step_check(const tw_instant *piece, const char *name, double step, tw_error *err)
{
    if (piece->s == 0 || step < (double)piece->s) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%s = %.0f has no effect: %llu steps are left for it", name, step,
                    (unsigned long long)piece->s);
}

const char *tw__stairs_ineffective(const tw_instant *piece, int steps)
{
    if (piece->h[steps] == 1) return "decay_steps is 1, and s is whole anyway";
    return piece->s && piece->h[steps] >= (double)piece->s ? "the run ends before the first step down" : NULL;
}

tw_status tw__end_check(const tw_instant *piece, const tw_option *options, int option, tw_error *err)
{
    const double steps = piece->h[option];
    if (piece->s == 0 || steps <= (double)piece->s || steps == options[option].initial) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%s = %.0f does not end in the %llu steps that are left for it",
                    options[option].name, steps, (unsigned long long)piece->s);
}

uint64_t tw__steps_span(const tw_instant *piece, int option)
{
    const double *list = piece->lists + (int)piece->h[option];
    const uint64_t last = (uint64_t)list[(int)list[0]];
    return last + last / 4 + 1;
}

tw_status tw__steps_check(const tw_instant *piece, const tw_option *options, int option, const char *example,
                          tw_error *err)
{
    const double *list = piece->lists + (int)piece->h[option];
    const char *name = options[option].name;
    if (list[0] == 0) return tw__fail(err, TW_ERR_SPEC, "%s are needed, as in \"%s\"", name, example);
    for (int i = 1; i <= (int)list[0]; i++) {
        if (list[i] != __builtin_floor(list[i]))
            return tw__fail(err, TW_ERR_SPEC, "%s: %g is not a whole number of steps", name, list[i]);
        if (i > 1 && list[i] <= list[i - 1])
            return tw__fail(err, TW_ERR_SPEC, "%s: %.0f comes after %.0f; they must rise", name, list[i],
                            list[i - 1]);
    }
    return tw__step_check(piece, name, list[(int)list[0]], err);
}
