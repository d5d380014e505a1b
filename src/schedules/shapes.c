/* Checks that several schedules share; see shapes.h.
 * SPDX-License-Identifier: MIT */
#include "schedules/shapes.h"
#include "base/error.h"

tw_status tw__triangle_check(const tw_instant *piece, tw_error *err)
{
    if (piece->h[TW__MAX_FACTOR] != 1) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "max_factor = 1 leaves no room between bottom and top; the schedule \"constant\" does that");
}

tw_status tw__steps_check(const tw_instant *piece, const tw_option *options, int option, const char *example, int may_repeat, tw_error *err)
{
    const double *list = piece->lists + (int)piece->h[option];
    const char *name = options[option].name;
    if (list[0] == 0) return tw__fail(err, TW_ERR_SPEC, "%s are needed, as in \"%s\"", name, example);
    for (int i = 1; i <= (int)list[0]; i++) {
        if (list[i] != __builtin_floor(list[i])) return tw__fail(err, TW_ERR_SPEC, "%s: %g is not a whole number of steps", name, list[i]);
        if (i > 1 && list[i] <= list[i - 1] && !(may_repeat && list[i] == list[i - 1]))
            return tw__fail(err, TW_ERR_SPEC, "%s: %.0f comes after %.0f; they must rise", name, list[i], list[i - 1]);
    }
    return TW_OK;
}
