/* Runs with estimators, for their tests.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_ESTIMATOR_RUNS_H
#define TESTS_ESTIMATOR_RUNS_H
#include "base/context.h"
#include "estimators/estimator.h"
#include "fault_walk.h"
#include "least_squares.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static inline tw_context *context(int threads, tw_isa isa)
{
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = threads;
    o.max_isa = isa;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return ctx;
}

static inline tw_run_options options(const char *rule, const char *estimator, uint64_t batch)
{
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = rule;
    o.estimator = estimator;
    o.batch = batch;
    o.epochs = 100;
    o.seed = 4;
    return o;
}

static inline void steps(tw_run *run, int n)
{
    int status;
    tw_error err = {0};
    for (int i = 0; i < n; i++)
        if (tw_run_step(run, &status, &err) != TW_OK)
            fail_msg("step %llu: %s", (unsigned long long)tw_run_steps(run) + 1, err.message);
}

static inline tw_run *make(tw_context *ctx, const tw_objective *f, void *w, const tw_run_options *o)
{
    tw_run *run;
    tw_error err = {0};
    if (tw_run_create(&run, ctx, f, NULL, w, o, &err) != TW_OK)
        fail_msg("%s with %s: %s", o->estimator, o->optimizer, err.message);
    return run;
}

/* Every estimator, with its forms. */
static const char *const all_specs[] = {"minibatch",     "full",         "single",   "sag",
                                        "sag:norm=seen", "saga",         "svrg:m=3", "svrg:option=II,m=4",
                                        "sarah:m=3",     "katyusha:m=3", "miso",     "sam"};
enum { N_SPECS = sizeof all_specs / sizeof all_specs[0], FIRST_SUM = 3, SAM = N_SPECS - 1 };

/* The rule, or, for an estimator that moves by lr itself, plain sgd. */
static inline const char *rule_for(const char *spec, const char *rule)
{
    tw_estimator_choice c;
    assert_int_equal(tw_estimator_read(&c, spec, NULL), TW_OK);
    return tw__estimator_type_find(tw__text_of(c.estimator->name))->pace ? "sgd:lr=1e-4" : rule;
}

static inline int takes_batch(const char *spec)
{
    tw_estimator_choice c;
    assert_int_equal(tw_estimator_read(&c, spec, NULL), TW_OK);
    return c.estimator->takes_batch;
}
#endif
