/* The target that ends a run: METRIC=NUMBER of an epoch's line.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_TARGET_H
#define TW_TRAIN_TARGET_H
#include <thalweg/train.h>

typedef struct tw__target {
    int metric; /* 0: no target */
    double value;
} tw__target;

/* TW_ERR_SPEC: malformed, a metric that the run does not measure, or a value that the metric never has or
 * always reaches. */
tw_status tw__target_read(tw__target *to, const char *text, int counts_correct, int has_check, tw_error *err);
/* Of a model, whose losses are never below 0; NULL is fine. */
tw_status tw__target_check_model(const char *text, tw_error *err);
int tw__target_reached(const tw__target *target, const tw_epoch *line);
#endif
