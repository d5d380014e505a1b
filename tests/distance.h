/* SPDX-License-Identifier: MIT */
#ifndef TESTS_DISTANCE_H
#define TESTS_DISTANCE_H
#include <math.h>
#include <stddef.h>

static inline double distance(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}
#endif
