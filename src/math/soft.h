/* The soft threshold, which is the proximal step of l1.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_SOFT_H
#define TW_MATH_SOFT_H

/* x moved towards 0 by `by`, to 0 if that is further than 0; a NaN stays one. */
static inline double tw__soft(double x, double by)
{
    return __builtin_fabs(x) <= by ? 0 : x > 0 ? x - by : x + by;
}
#endif
