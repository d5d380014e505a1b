/* The state of an optimiser as a file of its own: a checkpoint of what the optimiser shows.
 * SPDX-License-Identifier: MIT */
#include <thalweg/state.h>
#include "file/checkpoint.h"
#include "optimizer/optimizer.h"

static tw_status visit(void *object, tw_visitor *v, tw_error *err)
{
    return tw_optimizer_visit(object, v, err);
}

tw_status tw_state_save(tw_optimizer *opt, const char *path, tw_error *err)
{
    TW_NEEDS(err, opt && path);
    return tw__checkpoint_save(opt->ctx, path, "optimizer", NULL, visit, opt, err);
}

tw_status tw_state_load(tw_optimizer *opt, const char *path, tw_error *err)
{
    TW_NEEDS(err, opt && path);
    return tw__checkpoint_load(opt->ctx, path, "optimizer", NULL, visit, opt, err);
}
