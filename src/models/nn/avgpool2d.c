/* avgpool2d 2x2: the mean of each window; windows side by side, a ragged edge is not looked at.
 * SPDX-License-Identifier: MIT */
#include "models/nn/pool.h"

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->pool.mean_forward(p->rows, l->own, x, y);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    (void)x, (void)y;
    if (dx) p->k->pool.mean_input(p->rows, l->own, dy, dx);
}

const tw__layer_type tw__layer_avgpool2d = {
    .name = "avgpool2d",
    .usage = "avgpool2d HIGHxWIDE",
    .help = "mean of each window",
    .equation =
        "y[i, j, c] = mean of the window of x[., ., c] at (i, j); windows do not overlap, and what a whole one does not cover is left out\n"
        "dx = dy/places in the window, 0 elsewhere",
    .own_size = sizeof(tw__pooling),
    .setup = tw__pool_setup,
    .forward = forward,
    .backward = backward};
