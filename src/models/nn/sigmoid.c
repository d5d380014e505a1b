/* sigmoid: 1/(1 + exp(-x)), between 0 and 1. As the last layer, with one output, it is the probability of
 * class 1, and the loss is the binary cross-entropy with the row's label, computed from the logit.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static tw_status classes(const tw__layer *l, int64_t *n, tw_error *err)
{
    *n = 2;
    if (l->out_size == 1) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "the last layer has %zu outputs; sigmoid at the end has one, the probability of class 1: \"dense 1 sigmoid\", "
        "or for several classes \"dense classes softmax\"",
        l->out_size);
}

static void loss(const tw__layer *l, const tw__pass *p, const void *x, const int32_t *labels, tw_sums *sums,
                 void *dx)
{
    (void)l;
    p->k->classes.sigmoid_loss(p->rows, x, labels, &sums->loss, &sums->correct, dx);
}

#define ACTIVATION sigmoid
#define OPTIONS TW__CLASS_WEIGHT_OPTION
#define HELP "between 0 and 1; \"dense 1 sigmoid\" at the end: binary cross-entropy"
#define EQUATION          \
    "y = 1/(1 + e^-x)\n"  \
    "dx = dy y (1 - y)\n" \
    "as the last layer: loss = -log y for label 1, -log(1 - y) for label 0; dx = y - label"
#define READS TW__READS_OUTPUT
#define AWAY(x) real_exp((x) < 0 ? (x) : -(x))
#define FORWARD(x) ((x) < 0 ? AWAY(x) : 1) / (1 + AWAY(x))
#define BACKWARD(x, y, dy) (dy) * ((y) * (1 - (y)))
#define FIELDS .classes = classes, .loss = loss
#define ONNX "Sigmoid"
#include "models/nn/activation.h"
