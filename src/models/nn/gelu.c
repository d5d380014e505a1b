/* gelu: x where a normal number is likely to be below it, in the form with tanh. Hendrycks & Gimpel 2016,
 * section 2.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

/* The operator Gelu is of version 20. */
static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    const tw__onnx_name x = *value, square = tw__onnx_two(g, "Mul", x, x),
                        factor = tw__onnx_two(g, "Mul", square, tw__onnx_number(g, 0.044715)),
                        sum = tw__onnx_two(g, "Add", factor, tw__onnx_number(g, 1)),
                        inner = tw__onnx_two(g, "Mul", x, sum),
                        scaled = tw__onnx_two(g, "Mul", inner, tw__onnx_number(g, 0x1.9884533d43651p-1)),
                        t = tw__onnx_one(g, "Tanh", scaled), half = tw__onnx_number(g, 0.5),
                        share = tw__onnx_two(g, "Mul", t, half), whole = tw__onnx_two(g, "Add", share, half);
    (void)l;
    *value = tw__onnx_two(g, "Mul", x, whole);
}

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
#define FIELDS .onnx = onnx
#include "models/nn/activation.h"
