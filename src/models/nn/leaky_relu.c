/* leaky_relu: a hundredth of what is negative, so that no unit dies. Its gradient needs only the output,
 * which has the input's sign. Maas, Hannun & Ng 2013.
 * SPDX-License-Identifier: MIT */
#define ACTIVATION leaky_relu
#define HELP "a small part of what is negative"
#define EQUATION                         \
    "y = x where x >= 0, else slope x\n" \
    "dx = dy where y >= 0, else slope dy"
#define OPTIONS                                                                \
    {                                                                          \
        "slope", TW_REAL, NULL, 0.01, 0, 1, TW_OPEN_MIN, "of what is negative" \
    }
#define READS TW__READS_OUTPUT
#define FORWARD(x) (x) < 0 ? a *(x) : (x)
#define BACKWARD(x, y, dy) (y) < 0 ? a *(dy) : (dy)
#define ONNX "LeakyRelu"
#define ONNX_OPTION "alpha"
#include "models/nn/activation.h"
