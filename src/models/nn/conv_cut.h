/* What a convolution does that is cut by its channels, and whose input has a gradient.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_CONV_CUT_H
#define TW_MODELS_NN_CONV_CUT_H
#include "models/nn/conv.h"
#include "models/nn/communicator.h"

static inline int tw__conv_is_cut(const tw__layer *l) { return l->comm && l->has_input_gradient; }

/* In place of the functions without _cut; of, pool: NULL, or what the layer is fused with, with
 * the rank's channels. */
size_t tw__conv_cut_packed(const tw__layer *l, const tw__kernels *k);
void tw__conv_cut_pack(const tw__layer *l, const tw__kernels *k, const char *w, char *packed);
size_t tw__conv_cut_scratch(const tw__layer *l, const tw__kernels *k, const tw__pooling *pool);
/* Of the whole layer, from the gradient of this rank's channels. */
void tw__conv_cut_input(const tw__layer *l, const tw__pass *p, const tw__pooling *of, const void *x,
                        const void *dy, void *dx);
#endif
