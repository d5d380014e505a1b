/* conv2d 32 3x3: a valid convolution with stride 1, bias included.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    int64_t channels, high, wide;
    TW_TRY(tw__layer_needs_image(l, t, err));
    TW_TRY(tw__layer_count(t, 0, "channels", &channels, err));
    TW_TRY(tw__layer_window(t, 1, "kernel", &high, &wide, err));
    TW_TRY(tw__layer_most_words(l, t, 2, err));
    if (high > l->in.n[0] || wide > l->in.n[1]) {
        char in[64];
        return tw__fail(err, TW_ERR_SPEC,
                        "layer %d (%s): a %lldx%lld kernel does not fit into its input of %s", l->source + 1,
                        t->text, (long long)high, (long long)wide, tw__shape_text(&l->in, in, sizeof in));
    }
    l->conv = (tw__conv){.in_h = (size_t)l->in.n[0],
                         .in_w = (size_t)l->in.n[1],
                         .in_c = (size_t)l->in.n[2],
                         .k_h = (size_t)high,
                         .k_w = (size_t)wide,
                         .out_h = (size_t)(l->in.n[0] - high + 1),
                         .out_w = (size_t)(l->in.n[1] - wide + 1),
                         .out_c = (size_t)channels};
    l->out = (tw__shape){.rank = 3, .n = {(int64_t)l->conv.out_h, (int64_t)l->conv.out_w, channels}};
    l->n_tensors = 2;
    l->tensor[0].rank = 4;
    int64_t saved[4] = {channels, l->in.n[2], high, wide};
    for (int i = 0; i < 4; i++) l->tensor[0].shape[i] = saved[i];
    l->tensor[1].rank = 1;
    l->tensor[1].shape[0] = channels;
    l->fan_in = (double)(high * wide) * (double)l->in.n[2];
    l->fan_out = (double)(high * wide) * (double)channels;
    return TW_OK;
}

/* saved [out][in][ky][kx], private [ky][kx][in][out] */
static size_t place(const tw__layer *l, int tensor, size_t i)
{
    if (tensor == 1) return i;
    const tw__conv *c = &l->conv;
    size_t kx = i % c->k_w, ky = i / c->k_w % c->k_h, in = i / (c->k_w * c->k_h) % c->in_c,
           out = i / (c->k_w * c->k_h * c->in_c);
    return ((ky * c->k_w + kx) * c->in_c + in) * c->out_c + out;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->conv.forward(p->rows, &l->conv, x, tw__tensor_of(l, p, 0), tw__tensor_of(l, p, 1), y);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    (void)y;
    p->k->conv.weights(p->rows, &l->conv, x, dy, p->into, tw__gradient_of(l, p, 0), tw__gradient_of(l, p, 1));
    if (dx) p->k->conv.input(p->rows, &l->conv, dy, tw__tensor_of(l, p, 0), dx);
}

const tw__layer_type tw__layer_conv2d =
    {.name = "conv2d",
     .usage = "conv2d CHANNELS HIGHxWIDE",
     .help = "valid convolution, stride 1",
     .equation = "y[i, j, c] = b[c] + sum over p, q, d of w[c, d, p, q] x[i + p, j + q, d]\n"
                 "dx, dw: the same sum the other way round; db[c] = sum of dy[i, j, c]",
     .setup = setup,
     .place = place,
     .forward = forward,
     .backward = backward};
