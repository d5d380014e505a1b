/* relu: 0 where negative; a NaN stays a NaN. Its gradient needs only the output.
 * SPDX-License-Identifier: MIT */
#define ACTIVATION relu
#define HELP "0 where negative"
#define EQUATION      \
    "y = max(0, x)\n" \
    "dx = dy where y > 0, else 0"
#define READS TW__READS_OUTPUT
#define FORWARD(x) 0 > (x) ? 0 : (x)
#define BACKWARD(x, y, dy) (y) > 0 ? (dy) : 0
#define ONNX "Relu"
#include "models/nn/activation.h"
