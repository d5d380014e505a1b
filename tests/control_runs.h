/* Runs with controls, for their tests.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_CONTROL_RUNS_H
#define TESTS_CONTROL_RUNS_H
#include "context.h"
#include "fault_walk.h"
#include "least_squares.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* One weight. */
static const int64_t one[] = {1};
static const tw_tensor weight = {"w", 1, one, 0, 0};

static inline tw_run *new_run(tw_context *ctx, const tw_objective *f, void *w, const tw_run_options *o)
{
    tw_run *run;
    tw_error err;
    if (tw_run_create(&run, ctx, f, NULL, w, o, &err) != TW_OK) fail_msg("%s", err.message);
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
#endif
