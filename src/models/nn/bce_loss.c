/* bce_loss: the last layer of a network that predicts numbers between 0 and 1, such as pixels: each the
 * probability of a 1, with the binary cross-entropy as its loss, computed from the logit.
 * SPDX-License-Identifier: MIT */
#include "math/elementary.h"
#include "models/nn/layer.h"

extern const tw__layer_type tw__layer_sigmoid;

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    tw__layer_sigmoid.forward(l, p, x, y);
}

static void to_onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    tw__layer_sigmoid.onnx(l, g, value);
}

#define LOSS bce_loss
#define HELP \
    "\"dense WIDTH bce_loss\" at the end: numbers from 0 to 1; loss: binary cross-entropy of targets from 0 to 1"
#define EQUATION         \
    "y = 1/(1 + e^-x)\n" \
    "as the last layer: loss = mean of -target log y - (1 - target) log(1 - y); dx = (y - target)/n"
#define OPTIONS TW__TARGET_OPTION
#define AWAY(x) tw__exp_f64(-__builtin_fabs(x))
#define VALUE(x, t) ((x) > 0 ? (x) : 0) - (x) * (t) + tw__log1p_f64(AWAY(x))
#define SLOPE(x, t) ((x) < 0 ? AWAY(x) : 1) / (1 + AWAY(x)) - (t)
#define FORWARD forward
#define TO_ONNX to_onnx
#define FIELDS .of_shares = 1
#include "models/nn/number_loss.h"
