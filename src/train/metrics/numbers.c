/* Metrics of predicted numbers: the sizes of the errors.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "train/metrics/exact.h"
#include "train/metrics/metric.h"
#include <math.h>

/* Rows may have several numbers. */
static uint64_t count(const tw__predicted *p) { return p->o.rows * p->o.n_outputs; }

/* The prediction's, or with a center that of a prediction that is always the same. */
static double error_of(const tw__predicted *p, uint64_t i, double center)
{
    return p->o.targets[i] - (isnan(center) ? p->o.outputs[i] : center);
}

/* No error is larger than 2 to this power. */
static int exponent_of(const tw__predicted *p, double center)
{
    double most = 0;
    int exponent;
    for (uint64_t i = 0; i < count(p); i++) {
        const double size = fabs(error_of(p, i, center));
        if (size > most) most = size;
    }
    frexp(most, &exponent);
    return exponent > 1000 ? 1000 : exponent < -1000 ? -1000 : exponent;
}

enum power { AS_IT_IS, SIZE, SQUARE };

/* Of the errors in units of 2^exponent, so that no square is too large or too small. */
static double mean(const tw__predicted *p, double center, enum power power, int exponent)
{
    tw__exact sum = {.n = 0}, all = {.n = 0};
    for (uint64_t i = 0; i < count(p); i++) {
        const double r = ldexp(error_of(p, i, center), -exponent),
                     weight = tw__row_weight(p, i / p->o.n_outputs);
        tw__exact_add(&sum, weight * (power == SQUARE ? r * r : power == SIZE ? fabs(r) : r));
        tw__exact_add(&all, weight);
    }
    return tw__exact_value(&sum) / tw__exact_value(&all);
}

static tw_status compute_rmse(const tw__predicted *p, tw_score *to, tw_error *err)
{
    const int exponent = exponent_of(p, NAN);
    (void)err;
    to->value = ldexp(sqrt(mean(p, NAN, SQUARE, exponent)), exponent);
    return TW_OK;
}

static tw_status compute_mae(const tw__predicted *p, tw_score *to, tw_error *err)
{
    const int exponent = exponent_of(p, NAN);
    (void)err;
    to->value = ldexp(mean(p, NAN, SIZE, exponent), exponent);
    return TW_OK;
}

static tw_status compute_r2(const tw__predicted *p, tw_score *to, tw_error *err)
{
    uint64_t i = 1;
    (void)err;
    while (i < p->o.rows && p->o.targets[i] == p->o.targets[0]) i++;
    if (i >= p->o.rows) {
        tw__format(to->note, sizeof to->note, "all targets are %.6g: there is nothing to explain",
                   p->o.targets[0]);
        return TW_OK;
    }
    const int of_targets = exponent_of(p, 0), of_errors = exponent_of(p, NAN);
    const double center = ldexp(mean(p, 0, AS_IT_IS, of_targets), of_targets);
    const int of_all = exponent_of(p, center);
    const double left = mean(p, NAN, SQUARE, of_errors), all = mean(p, center, SQUARE, of_all);
    to->value = 1 - ldexp(left / all, 2 * (of_errors - of_all));
    return TW_OK;
}

TW__METRIC_TYPE(rmse, TW__OF_NUMBERS, compute_rmse, .help = "root of the mean squared error",
                .equation = "sqrt(mean (target - prediction)^2)");
TW__METRIC_TYPE(mae, TW__OF_NUMBERS, compute_mae, .help = "mean size of the error",
                .equation = "mean |target - prediction|");
TW__METRIC_TYPE(r2, TW__OF_NUMBERS | TW__OF_ONE_NUMBER, compute_r2,
                .help = "share of the targets' variance that is explained",
                .equation = "1 - mean (target - prediction)^2 / mean (target - mean target)^2");
