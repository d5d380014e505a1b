/* Names of a run's states, of what to do with non-finite values and of sparse steps, and what a state means.
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include <string.h>
#include <thalweg/train.h>

const char *tw_run_status_name(int status)
{
    static const char *const names[] = {"going",      "finished", "target",   "time",      "interrupted",
                                        "early_stop", "stalled",  "diverged", "converged", "max_epochs"};
    return status >= 0 && status < (int)(sizeof names / sizeof names[0]) ? names[status] : "unknown";
}

static const char *const policies[] = {"error", "skip", "zero"};

const char *tw_nonfinite_name(enum tw_nonfinite policy)
{
    return (unsigned)policy < sizeof policies / sizeof policies[0] ? policies[policy] : "unknown";
}

tw_status tw_nonfinite_from_name(const char *name, enum tw_nonfinite *out, tw_error *err)
{
    TW_NEEDS(err, name && out);
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        if (strcmp(name, policies[i]) != 0) continue;
        *out = (enum tw_nonfinite)i;
        return TW_OK;
    }
    return tw__fail(err, TW_ERR_SPEC, "nonfinite = %.40s is not error, skip or zero", name);
}

const char *tw_run_sparse_name(enum tw_run_sparse how)
{
    static const char *const names[] = {"exact", "skip", "replay", "touched", "dense", "degree"};
    return (unsigned)how < sizeof names / sizeof names[0] ? names[how] : "unknown";
}

int tw_run_is_over(int status)
{
    return status == TW_RUN_FINISHED || status == TW_RUN_TARGET || status == TW_RUN_EARLY_STOP ||
           status == TW_RUN_STALLED || status == TW_RUN_DIVERGED || status == TW_RUN_CONVERGED ||
           status == TW_RUN_MAX_EPOCHS;
}
