/* The gradient of penalties, l2/2 |w|^2 + l1 |w|_1, whose second term has slope 0 at 0.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_PENALTY_H
#define TW_MATH_PENALTY_H
#include <stddef.h>

/* g += l2 w + l1 sign(w), in double */
#define TW__ADD_PENALTY(real, t)                                                                          \
    static inline void tw__add_penalty_##t(real *restrict g, const real *restrict w, size_t n, double l2, \
                                           double l1)                                                     \
    {                                                                                                     \
        for (size_t i = 0; i < n; i++)                                                                    \
            g[i] = (real)((double)g[i] + (l2 * (double)w[i] + l1 * (double)((w[i] > 0) - (w[i] < 0))));   \
    }
TW__ADD_PENALTY(float, f32)
TW__ADD_PENALTY(double, f64)
#undef TW__ADD_PENALTY
#endif
