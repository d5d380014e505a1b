/* Reading a target and comparing an epoch's line with it; see target.h.
 * SPDX-License-Identifier: MIT */
#include "train/target.h"
#include "base/options.h"
#include "train/options.h"
#include <string.h>

enum { NONE, LOSS, ACCURACY, VAL_LOSS, VAL_ACCURACY, METRICS };
static const char *const names[METRICS] = {"", "loss", "accuracy", "val_loss", "val_accuracy"};

static int is_accuracy(int metric) { return metric == ACCURACY || metric == VAL_ACCURACY; }

static tw_status read(tw__target *to, const char *text, tw_error *err)
{
    const size_t n = strcspn(text, "=");
    *to = (tw__target){.metric = NONE};
    for (int i = LOSS; i < METRICS; i++)
        if (strlen(names[i]) == n && strncmp(text, names[i], n) == 0) to->metric = i;
    if (to->metric && text[n] && tw__number_read(tw__text_of(text + n + 1), &to->value) == 1) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "target \"%.80s\" is not METRIC=NUMBER with loss, accuracy, val_loss or val_accuracy",
                    text);
}

tw_status tw__target_read(tw__target *to, const char *text, int counts_correct, int has_check, tw_error *err)
{
    TW_TRY(read(to, text, err));
    if (to->metric == ACCURACY && !counts_correct)
        return tw__fail(err, TW_ERR_SPEC, "target %.80s: this objective counts no correct rows", text);
    if (to->metric >= VAL_LOSS && !has_check)
        return tw__fail(err, TW_ERR_SPEC, "target %.80s " TW__NEEDS_VAL, text);
    if (is_accuracy(to->metric) && !(to->value > 0 && to->value <= 1))
        return tw__fail(err, TW_ERR_SPEC,
                        "target %.80s: %s is outside (0, 1]; an accuracy is a share, 0.98 for 98 %%", text,
                        names[to->metric]);
    return TW_OK;
}

tw_status tw__target_check_model(const char *text, tw_error *err)
{
    tw__target target;
    if (!text) return TW_OK;
    TW_TRY(read(&target, text, err));
    if (target.value >= 0 || is_accuracy(target.metric)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "target %.80s cannot be reached: %s is never below 0", text,
                    names[target.metric]);
}

int tw__target_reached(const tw__target *target, const tw_epoch *line)
{
    const double values[METRICS] = {0, line->loss, line->accuracy, line->val_loss, line->val_accuracy},
                 value = values[target->metric];
    return target->metric && (is_accuracy(target->metric) ? value >= target->value : value <= target->value);
}
