/* What the poolings of images share.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_POOL_H
#define TW_MODELS_NN_POOL_H
#include "models/nn/layer.h"

/* From the window's words: l->own, a tw__pooling, and l->out. */
tw_status tw__pool_setup(tw__layer *l, const tw__layer_text *t, tw_error *err);
#endif
