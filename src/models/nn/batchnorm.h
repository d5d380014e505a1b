/* What batchnorm does where it does not train, for what runs together with it.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_BATCHNORM_H
#define TW_MODELS_NN_BATCHNORM_H
#include "models/nn/layer.h"

/* The constants of the layer, whose packed numbers are the pass's. */
tw__normalised tw__batchnorm_running(const tw__layer *l, const tw__pass *p);
#endif
