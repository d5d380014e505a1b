/* The criterion by which a run has diverged: its loss rose a thousandfold and did not come back, or no loss
 * of its last epoch was finite; or a solver went where loss or gradient are not.
 * SPDX-License-Identifier: MIT */
#include "train/run.h"
#include <math.h>

tw_status tw_run_diverged(const tw_run *r, tw_error *err)
{
    TW_NEEDS(err, r);
    if (r->solver && r->solver->status == TW_RUN_DIVERGED)
        return tw__fail(
            err, TW_ERR_NOT_FINITE,
            "the loss was %.4g after %llu iterations, and where the next went it is %g, with a gradient of norm %g",
            r->solver->at.loss, (unsigned long long)r->updates, tw__shown(r->solver->next.loss),
            tw__shown(sqrt(tw__dot(r->solver->next.g, r->solver->next.g, r->size))));
    if (r->n_history == 0) return TW_OK;
    const double bound = r->first_loss > 1 ? r->first_loss : 1;
    const tw_epoch *last = r->history + r->n_history - 1, *worst = r->history;
    if (isnan(last->loss) && r->o.nonfinite != TW_NONFINITE_ERROR)
        return tw__fail(err, TW_ERR_NOT_FINITE, "no loss of epoch %llu was finite",
                        (unsigned long long)last->epoch);
    for (const tw_epoch *e = r->history; e <= last; e++)
        if (e->loss > worst->loss || isnan(worst->loss)) worst = e;
    if (!(worst->loss > TW_DIVERGED_ABOVE * bound && last->loss > bound)) return TW_OK;
    tw__fail(err, TW_ERR_NOT_FINITE, "the loss rose from %.4g to %.4g (%s %llu) and is %.4g in the end",
             r->first_loss, worst->loss, r->train.n_rows ? "epoch" : "step", (unsigned long long)worst->epoch,
             last->loss);
    tw__run_add_largest(r, err);
    return TW_ERR_NOT_FINITE;
}
