/* dense 128: every output sees every input; "dense classes" has as many outputs as the data has classes.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static const tw_option options[] = {TW__INIT};
enum { INIT };

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    int64_t width;
    if (l->in.rank != 1) {
        char in[64];
        return tw__fail(err, TW_ERR_SPEC,
                        "layer %d (%s): dense needs a vector and gets %s (put flatten before it)",
                        l->source + 1, t->text, tw__shape_text(&l->in, in, sizeof in));
    }
    TW_TRY(tw__layer_count(t, 0, "width", &width, err));
    TW_TRY(tw__layer_most_words(l, t, 1, err));
    l->out = (tw__shape){.rank = 1, .n = {width}};
    const double fan_in = (double)l->in.n[0], fan_out = (double)width;
    TW_TRY(tw__layer_add_tensor(l,
                                &(tw__layer_tensor){.name = "weight",
                                                    .rank = 2,
                                                    .shape = {width, l->in.n[0]},
                                                    .initial = tw__initial_at(t->value[INIT]),
                                                    .fan_in = fan_in,
                                                    .fan_out = fan_out},
                                err));
    return tw__layer_add_tensor(l, &(tw__layer_tensor){.name = "bias", .rank = 1, .shape = {width}}, err);
}

/* saved [out][in], an input that was an image numbered by channel, row, column; private by row, column,
 * channel */
static size_t place(const tw__layer *l, int tensor, size_t i)
{
    if (tensor == 1) return i;
    size_t in = i % l->in_size, out = i / l->in_size;
    size_t w = (size_t)l->in.image[1], c = (size_t)l->in.image[2], h = (size_t)l->in.image[0];
    if (c > 0) {
        size_t channel = in / (h * w), pixel = in % (h * w);
        in = pixel * c + channel;
    }
    return tw__dense_at(l->in_size, l->out_size, in, out);
}

static size_t packed(const tw__layer *l, const tw__kernels *k)
{
    return k->dense.packed(l->in_size, l->out_size);
}

static void pack(const tw__layer *l, const tw__kernels *k, const char *w, char *to)
{
    k->dense.pack(l->in_size, l->out_size, w + l->tensor[0].offset * k->real, to);
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->dense.forward(p->rows, l->in_size, l->out_size, x, tw__tensor_of(l, p, 0), p->packed,
                        tw__tensor_of(l, p, 1), y);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    (void)y;
    p->k->dense.weights(p->rows, l->in_size, l->out_size, x, dy, p->into, tw__gradient_of(l, p, 0),
                        tw__gradient_of(l, p, 1));
    if (dx) p->k->dense.input(p->rows, l->in_size, l->out_size, dy, tw__tensor_of(l, p, 0), dx);
}

const tw__layer_type tw__layer_dense = {.name = "dense",
                                        .usage = "dense WIDTH|classes",
                                        .help = "fully connected layer with bias",
                                        .equation = "y = W x + b\n"
                                                    "dx = W^T dy, dW = dy x^T, db = dy",
                                        .options = options,
                                        .n_options = 1,
                                        .reads = TW__READS_INPUT,
                                        .setup = setup,
                                        .place = place,
                                        .packed = packed,
                                        .pack = pack,
                                        .forward = forward,
                                        .backward = backward};
