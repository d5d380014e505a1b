/* conv2d, relu, maxpool2d 2x2 as one: the activations between them, the largest of a small network, are never
 * stored, and only the winners of the pooling have a gradient.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

extern const tw__layer_type tw__layer_conv2d, tw__layer_relu, tw__layer_maxpool2d;

static size_t scratch(const tw__layer *l, const tw__kernels *k) { return k->conv_pool.scratch(&l->conv); }

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->conv_pool.forward(p->rows, &l->conv, &l->pool, x, tw__tensor_of(l, p, 0), tw__tensor_of(l, p, 1), y,
                            p->gradient ? tw__saved_of(l, p) : NULL);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    (void)y, (void)dx;
    p->k->conv_pool.weights(p->rows, &l->conv, &l->pool, x, dy, tw__saved_of(l, p), p->into,
                            tw__gradient_of(l, p, 0), tw__gradient_of(l, p, 1), p->scratch);
}

static const tw__layer_type conv_relu_pool = {.name = "conv2d, relu, maxpool2d",
                                              .scratch = scratch,
                                              .forward = forward,
                                              .backward = backward};

size_t tw__layer_fuse(const tw__layer *l, size_t left, const tw__kernels *k, tw__layer *out)
{
    if (left < 3 || l[0].type != &tw__layer_conv2d || l[1].type != &tw__layer_relu ||
        l[2].type != &tw__layer_maxpool2d)
        return 0;
    if (l[2].pool.k_h != 2 || l[2].pool.k_w != 2) return 0;
    *out = l[0];
    out->type = &conv_relu_pool;
    out->pool = l[2].pool;
    out->out = l[2].out;
    out->out_size = l[2].out_size;
    out->saved = k->conv_pool.bits(&out->conv, &out->pool);
    return 3;
}
