/* Round numbers are computed from integers, so that 3 steps of 0.1 are 0.3; see ticks.h.
 * SPDX-License-Identifier: MIT */
#include "ticks.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_POWER = -300 };
static const int round_numbers[] = {1, 2, 5};
/* of a step, by which a limit may miss its tick */
static const double rounding = 1e-9;

static double times_power(double n, int power)
{
    return power < 0 ? n / pow(10, -power) : n * pow(10, power);
}

/* A label has six digits, or as many as tell it from its neighbours at 10^power. One that reads as the last
 * one does is left out. */
static void add(struct cli_ticks *t, double at, double largest, int power)
{
    char text[CLI_TICK_TEXT];
    int digits = largest > 0 ? (int)floor(log10(largest)) - power + 1 : 1;
    digits = digits < 6 ? 6 : digits > 16 ? 16 : digits;
    snprintf(text, sizeof text, "%.*g", digits, at);
    if (t->n && !strcmp(text, t->text[t->n - 1])) return;
    t->at[t->n] = at;
    memcpy(t->text[t->n++], text, sizeof text);
}

void cli_find_ticks(struct cli_ticks *t, double low, double high, int most, int whole)
{
    int power = (int)floor(log10(high / most - low / most)) - 1, i = 0;
    if (power < LEAST_POWER) power = LEAST_POWER;
    if (whole && power < 0) power = 0;
    for (;; i++) {
        const int n = round_numbers[i % 3], p = power + i / 3;
        const double step = times_power(n, p), first = ceil(low / step - rounding) + 0,
                     last = floor(high / step + rounding);
        if (last - first >= most) continue;
        t->n = 0;
        for (int k = 0; k <= last - first; k++)
            add(t, times_power((first + k) * n, p), fmax(fabs(low), fabs(high)), p);
        return;
    }
}

/* Powers of ten whose exponents are multiples of `stride`; with stride 0 all, and 2 and 5 times them. Returns
 * how many there are, and writes them if there is room. */
static int powers(struct cli_ticks *t, double low, double high, int most, int stride)
{
    int count = 0;
    t->n = 0;
    for (int p = (int)floor(log10(low)) - 1; p <= (int)ceil(log10(high)); p++) {
        if (stride && p % stride) continue;
        for (int i = 0; i < (stride ? 1 : 3); i++) {
            const double at = times_power(round_numbers[i], p);
            if (at < low * (1 - rounding) || at > high * (1 + rounding)) continue;
            if (count++ < most) add(t, at, at, p);
        }
    }
    return count;
}

void cli_find_log_ticks(struct cli_ticks *t, double low, double high, int most)
{
    int stride = 0;
    for (int i = 0; powers(t, low, high, most, stride) > most; i++)
        stride = (int)times_power(round_numbers[i % 3], i / 3);
    if (t->n < 2) cli_find_ticks(t, low, high, most, 0);
}
