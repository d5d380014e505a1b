/* Metrics of predicted numbers: the sizes of the errors.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "train/metrics/exact.h"
#include "train/metrics/metric.h"
#include <math.h>
#include <stdio.h>

/* The numbers that a metric is of, one in `step` from `first` on: all, or those of one target. */
typedef struct numbers {
    const tw__predicted *p;
    uint64_t first, step;
} numbers;

static uint64_t count(const numbers *of) { return of->p->o.rows * of->p->o.n_outputs / of->step; }
static double target_of(const numbers *of, uint64_t i) { return of->p->o.targets[of->first + i * of->step]; }

/* The prediction's, or with a center that of a prediction that is always the same. */
static double error_of(const numbers *of, uint64_t i, double center)
{
    return target_of(of, i) - (isnan(center) ? of->p->o.outputs[of->first + i * of->step] : center);
}

/* No error is larger than 2 to this power. */
static int exponent_of(const numbers *of, double center)
{
    double most = 0;
    int exponent;
    for (uint64_t i = 0; i < count(of); i++) {
        const double size = fabs(error_of(of, i, center));
        if (size > most) most = size;
    }
    frexp(most, &exponent);
    return exponent > 1000 ? 1000 : exponent < -1000 ? -1000 : exponent;
}

enum power { AS_IT_IS, SIZE, SQUARE };

/* Of the errors in units of 2^exponent, so that no square is too large or too small. */
static double mean(const numbers *of, double center, enum power power, int exponent)
{
    tw__exact sum = {.n = 0}, all = {.n = 0};
    for (uint64_t i = 0; i < count(of); i++) {
        const double r = ldexp(error_of(of, i, center), -exponent),
                     weight = tw__row_weight(of->p, i * of->step / of->p->o.n_outputs);
        tw__exact_add(&sum, weight * (power == SQUARE ? r * r : power == SIZE ? fabs(r) : r));
        tw__exact_add(&all, weight);
    }
    return tw__exact_value(&sum) / tw__exact_value(&all);
}

static double rmse(const numbers *of)
{
    const int exponent = exponent_of(of, NAN);
    return ldexp(sqrt(mean(of, NAN, SQUARE, exponent)), exponent);
}

static double mae(const numbers *of)
{
    const int exponent = exponent_of(of, NAN);
    return ldexp(mean(of, NAN, SIZE, exponent), exponent);
}

static int are_equal(const numbers *of)
{
    uint64_t i = 1;
    while (i < count(of) && target_of(of, i) == target_of(of, 0)) i++;
    return i >= count(of);
}

/* NaN: all targets are the same. */
static double r2(const numbers *of)
{
    if (are_equal(of)) return NAN;
    const int of_targets = exponent_of(of, 0), of_errors = exponent_of(of, NAN);
    const double center = ldexp(mean(of, 0, AS_IT_IS, of_targets), of_targets);
    const int of_all = exponent_of(of, center);
    const double left = mean(of, NAN, SQUARE, of_errors), all = mean(of, center, SQUARE, of_all);
    return 1 - ldexp(left / all, 2 * (of_errors - of_all));
}

/* ---- of one target and of several ---------------------------------------------------------------------- */

/* One for each target, if there are several that are told apart. */
static tw_status take_each(const tw__predicted *p, double (*metric)(const numbers *), tw_score *to,
                           tw_error *err)
{
    const size_t n = p->o.n_outputs;
    double *each;
    if (n == 1 || !p->o.each_target) return TW_OK;
    TW_TRY(tw__alloc(p->ctx, &each, n, sizeof *each, err));
    for (size_t k = 0; k < n; k++) {
        each[k] = metric(&(numbers){p, k, n});
        if (!isfinite(each[k])) each[k] = NAN;
    }
    to->of_target = each;
    to->n = n;
    return TW_OK;
}

static tw_status compute_rmse(const tw__predicted *p, tw_score *to, tw_error *err)
{
    to->value = rmse(&(numbers){p, 0, 1});
    return take_each(p, rmse, to, err);
}

static tw_status compute_mae(const tw__predicted *p, tw_score *to, tw_error *err)
{
    to->value = mae(&(numbers){p, 0, 1});
    return take_each(p, mae, to, err);
}

static void note_equal_targets(const tw__predicted *p, size_t k, tw_score *to)
{
    char which[40] = "all targets";
    if (p->o.n_outputs > 1) snprintf(which, sizeof which, "all of target %zu", k + 1);
    tw__format(to->note, sizeof to->note, "%s are %.6g: there is nothing to explain", which, p->o.targets[k]);
}

static tw_status compute_r2(const tw__predicted *p, tw_score *to, tw_error *err)
{
    const size_t n = p->o.n_outputs;
    double sum = 0;
    TW_TRY(take_each(p, r2, to, err));
    for (size_t k = 0; k < n; k++) {
        const double its = to->of_target ? to->of_target[k] : r2(&(numbers){p, 0, 1});
        if (isnan(its) && !to->note[0] && are_equal(&(numbers){p, k, n})) note_equal_targets(p, k, to);
        sum += its;
    }
    to->value = sum / (double)n;
    return TW_OK;
}

TW__METRIC_TYPE(rmse, TW__OF_NUMBERS, compute_rmse,
                .help = "root of the mean squared error, over all numbers of several targets",
                .equation = "sqrt(mean (target - prediction)^2)");
TW__METRIC_TYPE(mae, TW__OF_NUMBERS, compute_mae,
                .help = "mean size of the error, over all numbers of several targets",
                .equation = "mean |target - prediction|");
TW__METRIC_TYPE(
    r2, TW__OF_NUMBERS | TW__OF_EACH_TARGET, compute_r2,
    .help = "share of the targets' variance that is explained, the mean of several targets' shares",
    .equation = "1 - mean (target - prediction)^2 / mean (target - mean target)^2");
