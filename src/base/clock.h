/* The monotonic clock.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_CLOCK_H
#define TW_BASE_CLOCK_H
#include <time.h>

static inline double tw__seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
#endif
