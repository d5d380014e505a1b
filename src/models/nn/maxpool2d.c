/* maxpool2d 2x2: the largest of each window; windows side by side, a ragged edge is not looked at.
 * SPDX-License-Identifier: MIT */
#include "models/nn/pool.h"

enum { MOST_PLACES = 256 }; /* the winner is a byte */

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    const tw__pooling *const pool = l->own;
    TW_TRY(tw__pool_setup(l, t, err));
    if (pool->k_h * pool->k_w > MOST_PLACES)
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): a window has at most %d places", l->source + 1,
                        t->text, MOST_PLACES);
    l->saved = pool->out_h * pool->out_w * pool->c;
    return TW_OK;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->pool.forward(p->rows, l->own, x, y, p->keeps ? p->saved : NULL);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    (void)x, (void)y;
    if (dx) p->k->pool.input(p->rows, l->own, dy, p->saved, dx);
}

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    tw__pool_onnx(l, g, "MaxPool", value);
}

const tw__layer_type tw__layer_maxpool2d = {
    .name = "maxpool2d",
    .usage = "maxpool2d HIGHxWIDE",
    .help = "largest value of each window",
    .equation =
        "y[i, j, c] = max of the window of x[., ., c] at (i, j); windows do not overlap, and what a whole one does not cover is left out\n"
        "dx = dy at the place of the maximum, 0 elsewhere",
    .by_unit = 1,
    .own_size = sizeof(tw__pooling),
    .setup = setup,
    .narrow = tw__pool_narrow,
    .forward = forward,
    .backward = backward,
    .onnx = onnx};
