/* The execution plan: a network on some data, with all buffers made once.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_PLAN_H
#define TW_MODELS_NN_PLAN_H
#include "models/model.h"
#include "models/nn/network.h"

/* Fills `out` with an objective over the data's rows; `out->user` is the plan. x is TW_U8 (fetched as value /
 * 255) or TW_F32. */
tw_status tw__plan_objective(const tw__bound *on, tw_objective *out, tw_error *err);
#endif
