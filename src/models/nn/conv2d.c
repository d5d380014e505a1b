/* conv2d 32 3x3: a valid convolution with stride 1, bias included.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static const tw_option options[] = {TW__INIT};
enum { INIT };

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
    tw__conv *const c = l->own;
    *c = (tw__conv){.in_h = (size_t)l->in.n[0],
                    .in_w = (size_t)l->in.n[1],
                    .in_c = (size_t)l->in.n[2],
                    .k_h = (size_t)high,
                    .k_w = (size_t)wide,
                    .out_h = (size_t)(l->in.n[0] - high + 1),
                    .out_w = (size_t)(l->in.n[1] - wide + 1),
                    .out_c = (size_t)channels};
    l->out = (tw__shape){.rank = 3, .n = {(int64_t)c->out_h, (int64_t)c->out_w, channels}};
    TW_TRY(tw__layer_add_tensor(l,
                                &(tw__layer_tensor){.name = "weight",
                                                    .rank = 4,
                                                    .shape = {channels, l->in.n[2], high, wide},
                                                    .initial = tw__initial_at(t->value[INIT]),
                                                    .fan_in = (double)(high * wide) * (double)l->in.n[2],
                                                    .fan_out = (double)(high * wide) * (double)channels},
                                err));
    return tw__layer_add_tensor(l, &(tw__layer_tensor){.name = "bias", .rank = 1, .shape = {channels}}, err);
}

/* saved [out][in][ky][kx], private [ky][kx][in][out] */
static size_t place(const tw__layer *l, int tensor, size_t i)
{
    if (tensor == 1) return i;
    const tw__conv *c = l->own;
    size_t kx = i % c->k_w, ky = i / c->k_w % c->k_h, in = i / (c->k_w * c->k_h) % c->in_c,
           out = i / (c->k_w * c->k_h * c->in_c);
    return ((ky * c->k_w + kx) * c->in_c + in) * c->out_c + out;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->conv.forward(p->rows, l->own, x, tw__tensor_of(l, p, 0), tw__tensor_of(l, p, 1), y);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    (void)y;
    p->k->conv.weights(p->rows, l->own, x, dy, p->into, tw__gradient_of(l, p, 0), tw__gradient_of(l, p, 1));
    if (dx) p->k->conv.input(p->rows, l->own, dy, tw__tensor_of(l, p, 0), dx);
}

const tw__layer_type tw__layer_conv2d =
    {.name = "conv2d",
     .usage = "conv2d CHANNELS HIGHxWIDE",
     .help = "valid convolution, stride 1",
     .equation = "y[i, j, c] = b[c] + sum over p, q, d of w[c, d, p, q] x[i + p, j + q, d]\n"
                 "dx, dw: the same sum the other way round; db[c] = sum of dy[i, j, c]",
     .options = options,
     .n_options = 1,
     .own_size = sizeof(tw__conv),
     .reads = TW__READS_INPUT,
     .setup = setup,
     .place = place,
     .forward = forward,
     .backward = backward};
