/* Sums that are rounded once; see exact.h.
 * SPDX-License-Identifier: MIT */
#include "train/metrics/exact.h"

/* *high = a + b, rounded; returns what rounding has left out. */
static double add(double a, double b, double *high)
{
    const double sum = a + b, b_part = sum - a, a_part = sum - b_part;
    *high = sum;
    return (a - a_part) + (b - b_part);
}

/* The same sum in parts of 53 bits each, of which a double's range has room for 41: the first half of
 * Shewchuk's compress. */
static void compress(tw__exact *sum)
{
    int first = TW__EXACT_PARTS;
    double high = sum->part[sum->n - 1];
    for (int i = sum->n - 2; i >= 0; i--) {
        const double low = add(high, sum->part[i], &high);
        if (low == 0) continue;
        sum->part[--first] = high;
        high = low;
    }
    sum->part[--first] = high;
    sum->n = TW__EXACT_PARTS - first;
    for (int i = 0; i < sum->n; i++) sum->part[i] = sum->part[first + i];
}

void tw__exact_add(tw__exact *sum, double x)
{
    int n = 0;
    if (sum->n == TW__EXACT_PARTS) compress(sum);
    for (int i = 0; i < sum->n; i++) {
        const double low = add(x, sum->part[i], &x);
        if (low != 0) sum->part[n++] = low;
    }
    sum->part[n++] = x;
    sum->n = n;
}

/* The parts from the largest on, until one is left out; where what is left out is half a unit, the part below
 * it says to which side. */
double tw__exact_value(const tw__exact *sum)
{
    int i = sum->n - 1;
    double high = i >= 0 ? sum->part[i] : 0, low = 0;
    while (i-- > 0 && low == 0) low = add(high, sum->part[i], &high);
    if (i >= 0 && ((low < 0 && sum->part[i] < 0) || (low > 0 && sum->part[i] > 0))) {
        const double twice = low * 2, next = high + twice;
        if (twice == next - high) high = next;
    }
    return high;
}
