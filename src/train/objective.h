/* Objectives as calls are given them.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_OBJECTIVE_H
#define TW_TRAIN_OBJECTIVE_H
#include "base/error.h"
#include <thalweg/objective.h>

/* What every call that is given an objective refuses; with_loss: more than outputs will be asked for. */
tw_status tw__objective_read(tw_objective *out, const tw_objective *given, int with_loss, tw_error *err);
size_t tw__objective_size(const tw_objective *o); /* weights */
#endif
