/* Fixtures for tests that run once more while the caller rounds upward, which must still be so when they end.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TESTS_ROUNDING_H
#define TW_TESTS_ROUNDING_H
#include <fenv.h>

static inline int round_up(void **state) { return (void)state, fesetround(FE_UPWARD); }

static inline int still_up(void **state)
{
    (void)state;
    int mode = fegetround();
    fesetround(FE_TONEAREST);
    return mode == FE_UPWARD ? 0 : -1;
}
#endif
