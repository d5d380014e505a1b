/* log_loss: how little probability the right classes had; perplexity: among how many equally likely ones that
 * would be.
 * SPDX-License-Identifier: MIT */
#include "train/metrics/exact.h"
#include "train/metrics/metric.h"
#include "math/elementary.h"

static double of_right_class(const tw__predicted *p, uint64_t i)
{
    const double *row = p->o.outputs + i * p->o.n_outputs;
    const int32_t class = p->o.classes[i];
    if (p->o.n_outputs > 1) return row[class];
    return class ? row[0] : 1 - row[0];
}

/* What was rounded to 0 or 1 counts as the nearest number that would not have been, as in scikit-learn. */
static tw_status compute_log_loss(const tw__predicted *p, tw_score *to, tw_error *err)
{
    const double least = p->o.are_floats ? 0x1p-23 : 0x1p-52;
    tw__exact sum = {.n = 0}, all = {.n = 0};
    (void)err;
    for (uint64_t i = 0; i < p->o.rows; i++) {
        const double probability = of_right_class(p, i), weight = tw__row_weight(p, i),
                     held = probability < least       ? least
                            : probability > 1 - least ? 1 - least
                                                      : probability;
        tw__exact_add(&sum, -weight * tw__log_f64(held));
        tw__exact_add(&all, weight);
    }
    to->value = tw__exact_value(&sum) / tw__exact_value(&all);
    return TW_OK;
}

TW__METRIC_TYPE(log_loss, TW__OF_CLASSES | TW__OF_PROBABILITIES, compute_log_loss,
                .help = "mean -log of the right class's probability",
                .equation = "mean -log P(right class), P held between e and 1 - e,\n"
                            "e = 2^-23 for floats and 2^-52 for doubles");

static tw_status compute_perplexity(const tw__predicted *p, tw_score *to, tw_error *err)
{
    TW_TRY(compute_log_loss(p, to, err));
    to->value = tw__exp_f64(to->value);
    return TW_OK;
}

TW__METRIC_TYPE(perplexity, TW__OF_CLASSES | TW__OF_PROBABILITIES | TW__ON_REQUEST, compute_perplexity,
                .help = "as if so many classes were equally likely", .equation = "exp(log_loss)");
