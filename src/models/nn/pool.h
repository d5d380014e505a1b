/* What poolings share.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_POOL_H
#define TW_MODELS_NN_POOL_H
#include "models/nn/layer.h"

/* From the window's words: l->own, a tw__pooling, and l->out. */
tw_status tw__pool_setup(tw__layer *l, const tw__layer_text *t, tw_error *err);
/* narrow: fewer channels */
void tw__pool_narrow(tw__layer *l);
/* The operator on these windows. */
void tw__pool_onnx(const tw__layer *l, tw__onnx *g, const char *operator, tw__onnx_name * value);
/* Means over the windows of l->own. */
void tw__pool_mean_forward(const tw__layer *l, const tw__pass *p, const void *x, void *y);
void tw__pool_mean_backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y,
                            const void *dy, void *dx);
#endif
