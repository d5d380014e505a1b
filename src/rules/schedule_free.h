/* What the schedule-free rules share: the share of the newest z in the average x.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RULES_SCHEDULE_FREE_H
#define TW_RULES_SCHEDULE_FREE_H
#include "math/elementary.h"

/* c = weight / (sum of all weights so far), the weight of a step being the largest rate so far to the power
 * `power`: 1/t with power 0. 0 while nothing has any weight, as in a warm-up that starts at 0. */
static inline double tw__schedule_free_share(double lr, double power, double *largest, double *sum)
{
    *largest = lr > *largest ? lr : *largest;
    double weight = power == 0 ? 1 : tw__pow_f64(*largest, power);
    *sum += weight;
    return *sum > 0 ? weight / *sum : 0;
}
#endif
