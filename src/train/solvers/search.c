/* The line search of solvers: the length of a step by the strong Wolfe conditions, or near the minimum, where
 * losses differ by less than their rounding, by the approximate ones of Hager & Zhang (2005), which look at
 * slopes. The interval is theirs, too: at its lower end the slope is negative and the loss no higher than at
 * the start, at its upper end the slope is not negative or the loss is higher.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include <math.h>

enum { MOST_TRIALS = 60 };
static const double decrease = 1e-4, grow = 4, rounding = 1e-10;

/* Along the direction: a length, the loss there and the slope. */
typedef struct trial {
    double a, loss, slope;
} trial;

static tw_status look(tw__solver *s, const double *d, double a, trial *t, tw_error *err)
{
    for (size_t i = 0; i < s->problem.n; i++) s->next.x[i] = s->at.x[i] + a * d[i];
    TW_TRY(tw__solver_evaluate(s, err));
    *t = (trial){a, s->next.loss, tw__dot(s->next.g, d, s->problem.n)};
    return TW_OK;
}

static int is_low(const trial *start, const trial *t)
{
    return t->loss <= start->loss + rounding * fabs(start->loss);
}

static int is_accepted(const trial *start, const trial *t, double flatten)
{
    const double slope = start->slope;
    if (!isfinite(t->loss) || !isfinite(t->slope)) return 0;
    if (t->loss <= start->loss + decrease * t->a * slope && fabs(t->slope) <= -flatten * slope) return 1;
    return is_low(start, t) && t->slope <= (2 * decrease - 1) * slope && t->slope >= flatten * slope;
}

/* Where the slope would be 0 if it were a straight line, well inside; the middle where that says nothing. */
static double between(const trial *low, const trial *high)
{
    const double width = high->a - low->a, least = 0.1;
    double share = low->slope / (low->slope - high->slope);
    if (!(high->slope >= 0) || !isfinite(share)) return low->a + width / 2;
    share = share < least ? least : share > 1 - least ? 1 - least : share;
    return low->a + share * width;
}

/* The next length, with the newest trial made an end of the interval. Where the interval has not been halved,
 * it is. */
static double narrow(const trial *start, const trial *t, trial *low, trial *high)
{
    const double width = high->a - low->a;
    const int is_below = isfinite(t->slope) && t->slope < 0 && is_low(start, t);
    *(is_below ? low : high) = *t;
    if (isinf(high->a)) return t->a * grow;
    const int is_slow = high->a - low->a > width / 2;
    return is_slow ? low->a + (high->a - low->a) / 2 : between(low, high);
}

tw_status tw__search(tw__solver *s, const double *d, double first, double flatten, int *found, tw_error *err)
{
    const trial start = {0, s->at.loss, tw__dot(s->at.g, d, s->problem.n)};
    trial low = start, high = {INFINITY, INFINITY, NAN}, t;
    double a = first;
    *found = 0;
    if (!(start.slope < 0) || !isfinite(start.slope)) return TW_OK;
    for (int i = 0; i < MOST_TRIALS && a > low.a && a < high.a && isfinite(a); i++) {
        TW_TRY(look(s, d, a, &t, err));
        *found = is_accepted(&start, &t, flatten);
        if (*found) return TW_OK;
        a = narrow(&start, &t, &low, &high);
    }
    /* the conditions cannot be met, but there is progress */
    if (!(low.loss < start.loss)) return TW_OK;
    *found = 1;
    return look(s, d, low.a, &t, err);
}
