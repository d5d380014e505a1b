/* A network's objective over training rows that are changed at random (src/augment): evaluations of training
 * see changed images, all others the rows as they are.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_AUGMENTED_H
#define TW_TRAIN_AUGMENTED_H
#include "models/model.h"
#include <thalweg/train.h>

typedef struct tw__augmented tw__augmented;
/* plain: the model's objective (tw_model_objective), which must outlive it; out: what takes its place, valid
 * as long as *made. most: rows of an update. TW_ERR_SPEC: the list, or rows that are no images. */
tw_status tw__augmented_create(tw__augmented **made, tw_context *ctx, const char *list,
                               const tw_objective *plain, uint64_t most, tw_objective *out, tw_error *err);
/* Rows of an update as the options say, for `most`. */
static inline uint64_t tw__rows_of_update(const tw_run_options *r)
{
    return r->batch * (r->accumulate ? r->accumulate : 1);
}
void tw__augmented_free(tw__augmented *a); /* NULL is fine */
#endif
