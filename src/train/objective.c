/* Reading an objective that a call is given; see objective.h.
 * SPDX-License-Identifier: MIT */
#include "train/objective.h"
#include "base/size.h"
#include "base/sized.h"

size_t tw__objective_size(const tw_objective *o)
{
    size_t end = 0;
    for (size_t i = 0; i < o->n_tensors; i++) {
        size_t n = 0;
        if (!tw__size_of_shape(o->tensors[i].rank, o->tensors[i].shape, &n) ||
            !tw__size_add(n, o->tensors[i].offset, &n))
            return 0;
        if (n > end) end = n;
    }
    return end;
}

tw_status tw__objective_read(tw_objective *o, const tw_objective *given, int with_loss, tw_error *err)
{
    TW_TRY(tw__sized_read(o, sizeof *o, given, "tw_objective", err));
    if (o->type != TW_F32 && o->type != TW_F64)
        return tw__fail(err, TW_ERR_SPEC, "an objective's type is f32 or f64, not %s", tw_type_name(o->type));
    if (!o->eval || !o->tensors || tw__objective_size(o) == 0)
        return tw__fail(err, TW_ERR_SPEC, "an objective needs eval and tensors with at least one weight");
    if (o->joins && (!o->cuts || !o->join_size))
        return tw__fail(err, TW_ERR_SPEC, "an objective with joins needs `cuts` and join_size");
    if (o->touched && tw__objective_size(o) > UINT32_MAX)
        return tw__fail(err, TW_ERR_SPEC,
                        "an objective of %zu weights cannot have `touched`: indices are 32 bits",
                        tw__objective_size(o));
    if (with_loss && o->only_outputs)
        return tw__fail(err, TW_ERR_DATA, "the rows have no labels, so there is no loss");
    return TW_OK;
}
