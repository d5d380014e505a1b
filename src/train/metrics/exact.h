/* A sum that is rounded once, at its end, so that the order of its terms does not matter: Shewchuk 1997,
 * "Adaptive Precision Floating-Point Arithmetic", grow-expansion. Terms and sum must be finite.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_METRICS_EXACT_H
#define TW_TRAIN_METRICS_EXACT_H

/* Parts that do not overlap, from the smallest. Most sums need two or three. */
enum { TW__EXACT_PARTS = 48 };
typedef struct tw__exact {
    int n;
    double part[TW__EXACT_PARTS];
} tw__exact;

void tw__exact_add(tw__exact *sum, double x); /* begins with all 0 */
double tw__exact_value(const tw__exact *sum);
#endif
