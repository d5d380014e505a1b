/* tanh: between -1 and 1.
 * SPDX-License-Identifier: MIT */
#define ACTIVATION tanh
#define HELP "between -1 and 1"
#define EQUATION    \
    "y = tanh(x)\n" \
    "dx = dy (1 - y^2)"
#define READS TW__READS_OUTPUT
#define FORWARD(x) real_tanh(x)
#define BACKWARD(x, y, dy) (dy) * (1 - (y) * (y))
#define ONNX "Tanh"
#include "models/nn/activation.h"
