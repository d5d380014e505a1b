/* Class weights: what a row of each class counts.
 * SPDX-License-Identifier: MIT */
#include "models/balance.h"

tw_status tw__model_balance(tw_model *m, const tw_data_info *data, tw_error *err)
{
    const size_t n = (size_t)m->labels;
    const int32_t *classes;
    double all = 0;
    if (data->n_labels > 1)
        return tw__fail(err, TW_ERR_DATA, "class_weight is for rows with one label, and those of %s have %zu",
                        data->name, data->n_labels);
    TW_TRY(tw__model_classes(m, data, &classes, err));
    tw_status s = tw__alloc(m->ctx, &m->class_weights, n, sizeof *m->class_weights, err);
    for (uint64_t i = 0; s == TW_OK && i < data->rows; i++) {
        const double weight = data->weights ? data->weights[i] : 1;
        m->class_weights[classes[i]] += weight;
        all += weight;
    }
    for (size_t i = 0; s == TW_OK && i < n; i++)
        if (!(m->class_weights[i] > 0))
            s = tw__fail(err, TW_ERR_DATA,
                         "%s has no row of class %zu, so class_weight=balanced cannot be used", data->name,
                         i);
        else m->class_weights[i] = all / ((double)n * m->class_weights[i]);
    tw__model_free_list(m, data, classes, sizeof *classes);
    return s;
}
