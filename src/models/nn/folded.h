/* batchnorm folded into what comes before and after it, with the same bits, where nothing trains and no
 * gradient is wanted.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_FOLDED_H
#define TW_MODELS_NN_FOLDED_H
#include "models/nn/layer.h"

/* If the layers from `l` on, `left` of them, begin with some that then run as one, that one is put into *out
 * and their number returned; else 0. The packed numbers of its pass are those of the batchnorm, layer
 * l[*norm]. The layers must outlive it. */
size_t tw__layer_fold(const tw__layer *l, size_t left, tw__layer *out, size_t *norm);
#endif
