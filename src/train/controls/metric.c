/* Metrics as controls monitor them: which column of an epoch's line, which way is better, by how much.
 * SPDX-License-Identifier: MIT */
#include "train/controls/control.h"
#include "train/options.h"
#include <math.h>

enum { AUTO, LOSS, ACCURACY, VAL_LOSS, VAL_ACCURACY };

tw_status tw__metric_choose(tw__control *c, int option, const tw__control_setting *s, tw_error *err)
{
    const char *name = c->choice.control->name;
    c->metric = (int)c->choice.values[option];
    if (c->metric == AUTO) c->metric = s->has_check ? VAL_LOSS : LOSS;
    if (c->metric >= VAL_LOSS && !s->has_check)
        return tw__fail(err, TW_ERR_SPEC, "%s: this metric " TW__NEEDS_VAL, name);
    if ((c->metric == ACCURACY || c->metric == VAL_ACCURACY) && !s->train->counts_correct)
        return tw__fail(err, TW_ERR_SPEC, "%s: this objective counts no correct rows", name);
    return TW_OK;
}

double tw__metric_value(const tw__control *c, const tw_epoch *line)
{
    const double values[] = {0, line->loss, line->accuracy, line->val_loss, line->val_accuracy};
    return values[c->metric];
}

int tw__metric_improved(const tw__control *c, double value, double best, double threshold, int is_relative)
{
    if (isnan(best)) return !isnan(value);
    if (c->metric == LOSS || c->metric == VAL_LOSS)
        return value < (is_relative ? best * (1 - threshold) : best - threshold);
    return value > (is_relative ? best * (1 + threshold) : best + threshold);
}
