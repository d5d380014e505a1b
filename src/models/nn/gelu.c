/* gelu: x where a normal number is likely to be below it, in the form with tanh. Hendrycks & Gimpel 2016,
 * section 2.
 * SPDX-License-Identifier: MIT */
#define ACTIVATION gelu
#define HELP "x times about its normal probability (PyTorch's approximate='tanh')"
#define EQUATION                                                 \
    "y = x/2 (1 + t), t = tanh(sqrt(2/pi) (x + 0.044715 x^3))\n" \
    "dx = dy (1/2 (1 + t) + x/2 (1 - t^2) sqrt(2/pi) (1 + 3 0.044715 x^2))"
#define READS TW__READS_INPUT
#define ROOT (real)0x1.9884533d43651p-1 /* sqrt(2/pi) */
#define T(x) real_tanh(ROOT *((x) + (real)0.044715 * ((x) * (x) * (x))))
#define FORWARD(x) (real)0.5 * (x) * (1 + T(x))
#define BACKWARD(x, y, dy)           \
    (dy) * ((real)0.5 * (1 + T(x)) + \
            (real)0.5 * (x) * (1 - T(x) * T(x)) * (ROOT * (1 + (real)0.134145 * ((x) * (x)))))
#include "models/nn/activation.h"
