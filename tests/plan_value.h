/* A hyperparameter at a step.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_PLAN_VALUE_H
#define TESTS_PLAN_VALUE_H
#include "schedules/plan.h"

static inline double value_of(const tw__plan *plan, int key, double base, uint64_t done)
{
    double h;
    tw__plan_values(plan, key, 1, &base, done, &h);
    return h;
}
#endif
