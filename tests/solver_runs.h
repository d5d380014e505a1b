/* Runs of solvers to their end.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_SOLVER_RUNS_H
#define TESTS_SOLVER_RUNS_H
#include "linear_models.h"

static inline tw_run *new_run(tw_context *ctx, const tw_objective *f, void *w, const tw_run_options *o)
{
    tw_run *run;
    tw_error err;
    if (tw_run_create(&run, ctx, f, NULL, w, o, &err) != TW_OK) fail_msg("%s: %s", o->solver, err.message);
    return run;
}

static inline int go_on(tw_run *run)
{
    tw_error err;
    int status = TW_RUN_GOING;
    while (status == TW_RUN_GOING)
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("%s", err.message);
    return status;
}

static inline tw_run_progress progress_of(const tw_run *run)
{
    tw_run_progress p = {.size = sizeof p};
    assert_int_equal(tw_run_progress_get(run, &p, NULL), TW_OK);
    return p;
}
#endif
