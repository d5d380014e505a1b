/* What is read off a curve or a path.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figure.h"
#include <math.h>
#include <stdio.h>

int64_t tw__first_below(const double *values, size_t n, double limit)
{
    for (size_t i = 0; i < n; i++)
        if (values[i] < limit) return (int64_t)i;
    return TW__NEVER;
}

int64_t tw__finally_below(const double *values, size_t n, double limit)
{
    size_t i = n;
    while (i > 0 && values[i - 1] < limit) i--;
    return i < n ? (int64_t)i : TW__NEVER;
}

int64_t tw__first_beyond(const double *values, size_t n, double limit)
{
    for (size_t i = 0; i < n; i++)
        if (fabs(values[i]) > limit) return (int64_t)i;
    return TW__NEVER;
}

size_t tw__sign_changes(const double *values, size_t n)
{
    size_t changes = 0;
    for (size_t i = 1; i < n; i++) changes += (values[i] < 0) != (values[i - 1] < 0);
    return changes;
}

size_t tw__rises(const double *values, size_t n)
{
    size_t rises = 0;
    for (size_t i = 1; i < n; i++) rises += values[i] > values[i - 1];
    return rises;
}

double tw__value_at(const tw_trajectory *p, size_t step) { return p->value[step < p->n ? step : p->n - 1]; }

double tw__closest(const tw_trajectory *p, double x, double y)
{
    double least = INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        const double d = (p->x[i] - x) * (p->x[i] - x) + (p->y[i] - y) * (p->y[i] - y);
        least = d < least ? d : least;
    }
    return sqrt(least);
}

/* Squared, of (x, y) from the segment between points i and i + 1. */
static double off_segment(const tw_trajectory *p, size_t i, double x, double y)
{
    const double dx = p->x[i + 1] - p->x[i], dy = p->y[i + 1] - p->y[i], length = dx * dx + dy * dy;
    double t = length > 0 ? ((x - p->x[i]) * dx + (y - p->y[i]) * dy) / length : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    x -= p->x[i] + t * dx;
    y -= p->y[i] + t * dy;
    return x * x + y * y;
}

double tw__strays(const tw_trajectory *trajectory, const tw_trajectory *from)
{
    double most = 0;
    for (size_t k = 0; k < trajectory->n; k++) {
        double least = INFINITY;
        for (size_t i = 0; i + 1 < from->n; i++) {
            const double d = off_segment(from, i, trajectory->x[k], trajectory->y[k]);
            least = d < least ? d : least;
        }
        most = least > most ? least : most;
    }
    return sqrt(most);
}

double tw__slope(const double *x, const double *y, size_t n, double *r2)
{
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;
    for (size_t i = 0; i < n; i++) {
        mean_x += x[i] / (double)n;
        mean_y += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
    }
    if (r2) *r2 = xy * xy / (xx * yy);
    return xy / xx;
}

const char *tw__step_text(int64_t step, char to[TW__STEP_TEXT])
{
    if (step == TW__NEVER) snprintf(to, TW__STEP_TEXT, "never");
    else snprintf(to, TW__STEP_TEXT, "%lld", (long long)step);
    return to;
}

int tw__before(int64_t a, int64_t b) { return a != TW__NEVER && (b == TW__NEVER || a < b); }
