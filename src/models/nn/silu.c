/* silu, or swish: x times its sigmoid. Elfwing, Uchibe & Doya 2018; Ramachandran, Zoph & Le 2018.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    (void)l;
    *value = tw__onnx_two(g, "Mul", *value, tw__onnx_one(g, "Sigmoid", *value));
}

#define ACTIVATION silu
#define HELP "x times its sigmoid (swish)"
#define EQUATION                  \
    "y = x s, s = 1/(1 + e^-x)\n" \
    "dx = dy s (1 + x (1 - s))"
#define READS TW__READS_INPUT
#define AWAY(x) real_exp((x) < 0 ? (x) : -(x))
#define SIGMOID(x) (((x) < 0 ? AWAY(x) : 1) / (1 + AWAY(x)))
#define FORWARD(x) (x) * SIGMOID(x)
#define BACKWARD(x, y, dy) (dy) * (SIGMOID(x) * (1 + (x) * (1 - SIGMOID(x))))
#define FIELDS .onnx = onnx
#include "models/nn/activation.h"
