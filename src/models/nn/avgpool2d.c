/* avgpool2d 2x2: the mean of each window; windows side by side, a ragged edge is not looked at.
 * SPDX-License-Identifier: MIT */
#include "models/nn/pool.h"

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    tw__pool_onnx(l, g, "AveragePool", value);
}

const tw__layer_type tw__layer_avgpool2d = {
    .name = "avgpool2d",
    .usage = "avgpool2d HIGHxWIDE",
    .help = "mean of each window",
    .equation =
        "y[i, j, c] = mean of the window of x[., ., c] at (i, j); windows do not overlap, and what a whole one does not cover is left out\n"
        "dx = dy/places in the window, 0 elsewhere",
    .by_unit = 1,
    .own_size = sizeof(tw__pooling),
    .setup = tw__pool_setup,
    .narrow = tw__pool_narrow,
    .forward = tw__pool_mean_forward,
    .backward = tw__pool_mean_backward,
    .onnx = onnx};
