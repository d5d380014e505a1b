/* conv2d, relu, maxpool2d 2x2 as one: the activations between them, the largest of a small network, are never
 * stored, and only the winners of the pooling have a gradient.
 * SPDX-License-Identifier: MIT */
#include "models/nn/fused.h"
#include "models/nn/conv_cut.h"

extern const tw__layer_type tw__layer_relu;

/* The convolution, with what it owns, is the first of the three layers; the pooling the last. */
static const tw__layer *first_of(const tw__layer *l) { return l->own; }
static const tw__conv_layer *conv_of(const tw__layer *l) { return first_of(l)->own; }
static const tw__pooling *pool_of(const tw__layer *l) { return first_of(l)[2].own; }

static size_t packed(const tw__layer *l, const tw__kernels *k) { return tw__conv_packed(first_of(l), k); }

static void pack(const tw__layer *l, const tw__kernels *k, tw__part part, const char *w, char *to)
{
    tw__conv_pack(first_of(l), k, part, w, to);
}

static double products(const tw__layer *l) { return tw__layer_products(first_of(l)); }

static size_t scratch(const tw__layer *l, const tw__kernels *k)
{
    if (tw__conv_is_cut(l)) return tw__conv_cut_scratch(first_of(l), k, pool_of(l));
    return tw__conv_padded(conv_of(l)) + k->conv_pool.scratch(&conv_of(l)->valid);
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const tw__conv_layer *const conv = conv_of(l);
    p->k->conv_pool.forward(p->rows, &conv->valid, pool_of(l), tw__conv_pad(conv, p, x),
                            tw__tensor_of(l, p, 0), tw__tensor_of(l, p, 1), NULL, y,
                            p->keeps ? p->saved : NULL);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    const tw__conv_layer *const conv = conv_of(l);
    (void)y;
    p->k->conv_pool.weights(p->rows, &conv->valid, pool_of(l), tw__conv_pad(conv, p, x), dy, p->saved,
                            p->into, tw__gradient_of(l, p, 0), tw__gradient_of(l, p, 1),
                            tw__conv_rest(conv, p));
    if (dx && tw__conv_is_cut(l)) tw__conv_cut_input(first_of(l), p, pool_of(l), x, dy, dx);
    else if (dx)
        p->k->conv_pool.input(p->rows, &conv->valid, pool_of(l), dy, p->saved, p->packed, dx,
                              tw__conv_rest(conv, p));
}

static const tw__layer_type conv_relu_pool = {.name = "conv2d, relu, maxpool2d",
                                              .reads = TW__READS_INPUT,
                                              .packed = packed,
                                              .pack = pack,
                                              .products = products,
                                              .scratch = scratch,
                                              .forward = forward,
                                              .backward = backward};

size_t tw__layer_fuse(const tw__layer *l, size_t left, const tw__kernels *k, tw__layer *out)
{
    if (left < 3 || l[1].type != &tw__layer_relu || !tw__conv_pools(&l[0], &l[2])) return 0;
    const tw__conv_layer *const conv = l[0].own;
    const tw__pooling *const pool = l[2].own;
    *out = l[0];
    out->type = &conv_relu_pool;
    out->out = l[2].out;
    out->out_size = l[2].out_size;
    out->saved = k->conv_pool.bits(&conv->valid, pool);
    out->own = (void *)(uintptr_t)l;
    return 3;
}
