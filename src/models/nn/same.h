/* What layers share whose output is like their input.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_SAME_H
#define TW_MODELS_NN_SAME_H
#include "models/nn/layer.h"

/* setup: no words, the input's shape; l->own, if there is one, is the double that the first option is. */
tw_status tw__same_setup(tw__layer *l, const tw__layer_text *t, tw_error *err);
/* forward: y = x */
void tw__same_forward(const tw__layer *l, const tw__pass *p, const void *x, void *y);

/* onnx: what a prediction passes by */
void tw__nothing_onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value);

/* forward and backward of what is in_place with TW__SAME_NUMBERS: nothing is to be done. */
void tw__nothing_forward(const tw__layer *l, const tw__pass *p, const void *x, void *y);
void tw__nothing_backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                          void *dx);
#endif
