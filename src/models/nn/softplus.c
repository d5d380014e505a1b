/* softplus: log(1 + e^x), a smooth relu. Dugas et al. 2001.
 * SPDX-License-Identifier: MIT */
#define ACTIVATION softplus
#define HELP "a smooth relu"
#define EQUATION                                       \
    "y = log(1 + e^x) = max(0, x) + log(1 + e^-|x|)\n" \
    "dx = dy/(1 + e^-x) = dy (1 - e^-y)"
#define READS TW__READS_INPUT
#define AWAY(x) real_exp((x) < 0 ? (x) : -(x))
#define FORWARD(x) ((x) < 0 ? 0 : (x)) + real_log(1 + AWAY(x))
#define BACKWARD(x, y, dy) (dy) * ((x) < 0 ? AWAY(x) : 1) / (1 + AWAY(x))
#define ONNX "Softplus"
#include "models/nn/activation.h"
