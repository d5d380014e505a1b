/* The part of thalweg conformance that needs estimators: finite sums, and closed cases of rules that ask for
 * more than one gradient.
 * SPDX-License-Identifier: MIT */
#ifndef TOOLS_CONFORMANCE_SUMS_H
#define TOOLS_CONFORMANCE_SUMS_H
#include "conformance.h"

tw_status compare_finite_sums(tw_context *ctx, const struct table *sums, struct report *r, tw_error *err);

/* A closed case with an estimator between gradient and rule: the gradient is curv * (theta - star) + noise of
 * the step, wherever it is asked for. */
struct closed_case {
    const char *rule, *schedule, *estimator;
    int n; /* parameters */
    const double *theta0, *star, *curv;
    tw_status (*noise)(void *user, long step, double *to, tw_error *err);
    void *user;
};
struct closed_run;
/* steps: how many there will be. The case is copied. */
tw_status closed_run_create(struct closed_run **out, tw_context *ctx, const struct closed_case *c,
                            int in_float, long steps, tw_error *err);
tw_status closed_run_to(struct closed_run *run, long step, double *theta, tw_error *err);
void closed_run_free(struct closed_run *run);
#endif
