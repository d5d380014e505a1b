/* globalavgpool: the mean of each channel over the whole image, or of each feature over a sequence. Lin, Chen
 * & Yan 2014, section 3.2.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    if (l->in.rank == 1) return tw__layer_needs_image(l, t, err);
    const int64_t channels = l->in.n[l->in.rank - 1];
    const size_t high = (size_t)l->in.n[0], wide = l->in.rank == 3 ? (size_t)l->in.n[1] : 1;
    *(tw__pooling *)l->own = (tw__pooling){
        .in_h = high, .in_w = wide, .c = (size_t)channels, .k_h = high, .k_w = wide, .out_h = 1, .out_w = 1};
    l->out = (tw__shape){.rank = 1, .n = {channels}};
    return TW_OK;
}

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

const tw__layer_type tw__layer_globalavgpool =
    {.name = "globalavgpool",
     .usage = "globalavgpool",
     .help = "mean of each channel, or of each feature of a sequence: a vector",
     .equation = "y[c] = mean of x[., ., c]\n"
                 "dx[., ., c] = dy[c]/places",
     .own_size = sizeof(tw__pooling),
     .setup = setup,
     .forward = forward,
     .backward = backward};
