/* Formulas with their derivatives; see formula_gradient.h.
 * SPDX-License-Identifier: MIT */
#include "models/formula_gradient.h"
#include "math/elementary.h"
#include <thalweg/rule.h>

enum { VARIABLES = 2, MOST_MULTIPLIED = 64 };

/* A value and its derivative by each variable. */
typedef struct dual {
    double value, by[VARIABLES];
} dual;

static double times(double slope, double by) { return slope == 0 || by == 0 ? 0 : slope * by; }

static int is_multiplied(double exponent)
{
    return __builtin_fabs(exponent) <= MOST_MULTIPLIED && exponent == __builtin_floor(exponent);
}

static double power(double x, double n)
{
    if (!is_multiplied(n)) return tw__operation_of_two(TW__POWER, x, n);
    return n < 0 ? 1 / tw_pow_n(x, (uint64_t)-n) : tw_pow_n(x, (uint64_t)n);
}

/* value: what the operation makes of x. */
static double slope_of_one(tw__operation o, double x, double value)
{
    switch (o) {
    case TW__NEGATE: return -1;
    case TW__EXP: return value;
    case TW__LOG: return 1 / x;
    case TW__SQRT: return 0.5 / value;
    case TW__SIN: return tw__cos_f64(x);
    case TW__COS: return -tw__sin_f64(x);
    case TW__TANH: return 1 - value * value;
    case TW__ABS: return (x > 0) - (x < 0);
    default: return 0;
    }
}

/* The partial derivatives of what the operation makes of x and y. */
static void slopes_of_two(tw__operation o, double x, double y, double value, double slope[2])
{
    slope[0] = slope[1] = 0;
    switch (o) {
    case TW__ADD: slope[0] = slope[1] = 1; break;
    case TW__SUBTRACT: slope[0] = 1, slope[1] = -1; break;
    case TW__MULTIPLY: slope[0] = y, slope[1] = x; break;
    case TW__DIVIDE: slope[0] = 1 / y, slope[1] = -value / y; break;
    case TW__POWER:
        slope[0] = y == 0 ? 0 : y * power(x, y - 1);
        slope[1] = value == 0 ? 0 : tw__log_f64(x) * value;
        break;
    case TW__MIN: slope[!(x < y || x != x)] = 1; break;
    case TW__MAX: slope[!(x > y || x != x)] = 1; break;
    default: break;
    }
}

static dual of_one(tw__operation o, const dual *x)
{
    dual r = {.value = tw__operation_of_one(o, x->value)};
    const double slope = slope_of_one(o, x->value, r.value);
    for (int k = 0; k < VARIABLES; k++) r.by[k] = times(slope, x->by[k]);
    return r;
}

static dual of_two(tw__operation o, const dual *x, const dual *y)
{
    dual r = {.value =
                  o == TW__POWER ? power(x->value, y->value) : tw__operation_of_two(o, x->value, y->value)};
    double slope[2];
    slopes_of_two(o, x->value, y->value, r.value, slope);
    for (int k = 0; k < VARIABLES; k++) r.by[k] = times(slope[0], x->by[k]) + times(slope[1], y->by[k]);
    return r;
}

static dual of_none(const tw__term *t, const double point[2])
{
    dual r = {.value = t->operation == TW__NUMBER ? t->number : point[(int)t->number]};
    if (t->operation == TW__VARIABLE) r.by[(int)t->number] = 1;
    return r;
}

double tw__formula_gradient(const tw_formula *f, const double point[2], double gradient[2])
{
    dual stack[TW__FORMULA_STACK] = {{0}};
    int n = 0;
    for (int i = 0; i < f->n; i++) {
        const tw__term *t = &f->terms[i];
        const int takes = tw__operation_takes(t->operation);
        dual *x = stack + (n - takes);
        if (takes == 0) *x = of_none(t, point);
        else if (takes == 1) *x = of_one(t->operation, x);
        else if (takes == 2) *x = of_two(t->operation, x, x + 1);
        else *x = x->value != 0 && x->value == x->value ? x[1] : x[2];
        n += 1 - takes;
    }
    for (int k = 0; k < VARIABLES; k++) gradient[k] = stack->by[k];
    return stack->value;
}
