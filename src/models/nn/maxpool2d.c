/* maxpool2d 2x2: the largest of each window; windows side by side, a ragged edge is not looked at.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    int64_t high, wide;
    TW_TRY(tw__layer_needs_image(l, t, err));
    TW_TRY(tw__layer_window(t, 0, "window", &high, &wide, err));
    TW_TRY(tw__layer_most_words(l, t, 1, err));
    if (high > l->in.n[0] || wide > l->in.n[1] || high * wide > 256) {
        char in[64];
        return tw__fail(err, TW_ERR_SPEC,
                        "layer %d (%s): a %lldx%lld window does not fit into its input of %s%s",
                        l->source + 1, t->text, (long long)high, (long long)wide,
                        tw__shape_text(&l->in, in, sizeof in),
                        high * wide > 256 ? " (at most 256 places)" : "");
    }
    tw__pooling *const pool = l->own;
    *pool = (tw__pooling){.in_h = (size_t)l->in.n[0],
                          .in_w = (size_t)l->in.n[1],
                          .c = (size_t)l->in.n[2],
                          .k_h = (size_t)high,
                          .k_w = (size_t)wide,
                          .out_h = (size_t)(l->in.n[0] / high),
                          .out_w = (size_t)(l->in.n[1] / wide)};
    l->out = (tw__shape){.rank = 3, .n = {(int64_t)pool->out_h, (int64_t)pool->out_w, l->in.n[2]}};
    l->saved = pool->out_h * pool->out_w * pool->c;
    return TW_OK;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->pool.forward(p->rows, l->own, x, y, p->gradient ? p->saved : NULL);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    (void)x, (void)y;
    if (dx) p->k->pool.input(p->rows, l->own, dy, p->saved, dx);
}

const tw__layer_type tw__layer_maxpool2d = {
    .name = "maxpool2d",
    .usage = "maxpool2d HIGHxWIDE",
    .help = "largest value of each window",
    .equation =
        "y[i, j, c] = max of the window of x[., ., c] at (i, j); windows do not overlap, and what a whole one does not cover is left out\n"
        "dx = dy at the place of the maximum, 0 elsewhere",
    .own_size = sizeof(tw__pooling),
    .setup = setup,
    .forward = forward,
    .backward = backward};
