/* elu: smooth, and -alpha far below 0. Clevert, Unterthiner & Hochreiter 2016, equation 15.
 * SPDX-License-Identifier: MIT */
#define ACTIVATION elu
#define HELP "x, and below 0 a curve that ends at -alpha"
#define EQUATION                                 \
    "y = x where x >= 0, else alpha (e^x - 1)\n" \
    "dx = dy where y >= 0, else dy (y + alpha)"
#define OPTIONS                                                                                         \
    {                                                                                                   \
        "alpha", TW_REAL, NULL, 1, 0, 1e6, TW_OPEN_MIN, "what y comes to far below 0, without the sign" \
    }
#define READS TW__READS_OUTPUT
#define FORWARD(x) (x) < 0 ? a *(real_exp(x) - 1) : (x)
#define BACKWARD(x, y, dy) (y) < 0 ? (dy) * ((y) + a) : (dy)
#define ONNX "Elu"
#define ONNX_OPTION "alpha"
#include "models/nn/activation.h"
