/* Rows of layers that run as one, with the same bits.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_FUSED_H
#define TW_MODELS_NN_FUSED_H
#include "models/nn/layer.h"

/* If the layers from `l` on, `left` of them, begin with some that can run as one, that one is put into *out
 * and their number returned; else 0. Only for layers whose input's gradient is not needed. The layers must
 * outlive it. */
size_t tw__layer_fuse(const tw__layer *l, size_t left, const tw__kernels *k, tw__layer *out);
#endif
