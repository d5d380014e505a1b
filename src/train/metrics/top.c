/* top_k: how often the right class is among the k that the model takes for the most likely.
 * SPDX-License-Identifier: MIT */
#include "train/metrics/exact.h"
#include "train/metrics/metric.h"

/* Classes before the right one; of equal ones the first is before, as for the accuracy, which so is top_1. */
static size_t rank_of(const tw__predicted *p, uint64_t i)
{
    const double *row = p->o.outputs + i * p->o.n_outputs;
    const size_t right = (size_t)p->o.classes[i];
    size_t before = 0;
    for (size_t k = 0; k < p->o.n_outputs; k++)
        before += row[k] > row[right] || (row[k] == row[right] && k < right);
    return before;
}

static tw_status top(const tw__predicted *p, size_t k, tw_score *to)
{
    tw__exact right = {.n = 0}, all = {.n = 0};
    for (uint64_t i = 0; i < p->o.rows; i++) {
        const double weight = tw__row_loss_weight(p, i);
        if (rank_of(p, i) < k) tw__exact_add(&right, weight);
        tw__exact_add(&all, weight);
    }
    to->value = tw__exact_value(&right) / tw__exact_value(&all);
    return TW_OK;
}

#define TOP_METRIC(k)                                                                              \
    static tw_status compute_top_##k(const tw__predicted *p, tw_score *to, tw_error *err)          \
    {                                                                                              \
        (void)err;                                                                                 \
        return top(p, k, to);                                                                      \
    }                                                                                              \
    extern const tw__metric_type tw__metric_top_##k;                                               \
    const tw__metric_type tw__metric_top_##k =                                                     \
        {.about = {.size = sizeof(tw_metric),                                                      \
                   .name = "top_" #k,                                                              \
                   .help = "share of the rows whose class is among the " #k " most likely",        \
                   .equation = "as accuracy, where the right class is one of the " #k " highest"}, \
         .traits = TW__OF_CLASSES | TW__ON_REQUEST,                                                \
         .top = k,                                                                                 \
         .compute = compute_top_##k}
TOP_METRIC(2);
TOP_METRIC(3);
TOP_METRIC(5);
TOP_METRIC(10);
