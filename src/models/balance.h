/* Rows that count differently in a loss: by their own weight, and by their class.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_BALANCE_H
#define TW_MODELS_BALANCE_H
#include "models/model.h"

/* The option of a loss over classes. */
#define TW__CLASS_WEIGHT "class_weight"
#define TW__CLASS_WEIGHT_OPTION                                               \
    {                                                                         \
        TW__CLASS_WEIGHT, TW_WORD, "none balanced", 0, 0, 1, TW_CLOSED,       \
            "balanced: every class weighs the same, however many rows it has" \
    }

/* class_weight=balanced: every class as heavy as the others over the training rows, so that the mean weight
 * of a row stays what it was. TW_ERR_DATA: a class without rows. */
tw_status tw__model_balance(tw_model *m, const tw_data_info *data, tw_error *err);

/* A row's own weight times its class's. */
static inline double tw__bound_weight(const tw__bound *on, uint64_t row)
{
    const double *of_class = on->model->class_weights, *of_row = on->data.weights;
    return (of_row ? of_row[row] : 1) * (of_class && on->classes ? of_class[on->classes[row]] : 1);
}
#endif
