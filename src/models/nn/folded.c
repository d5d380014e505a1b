/* batchnorm folded: into the convolution before it, with relu and pooling after it, so that nothing between
 * them is stored; else into the relu after it. Scale and shift stay operations of their own: multiplied into
 * the weights they would round otherwise than the layers do one by one.
 * SPDX-License-Identifier: MIT */
#include "models/nn/folded.h"
#include "models/nn/batchnorm.h"
#include "models/nn/conv.h"

extern const tw__layer_type tw__layer_batchnorm, tw__layer_relu;

/* The first of the layers. */
static const tw__layer *first_of(const tw__layer *l) { return l->own; }

static tw__normalised norm_of(const tw__layer *l, const tw__pass *p)
{
    tw__normalised by = tw__batchnorm_running(l, p);
    by.relu = 1;
    return by;
}

static void norm_relu(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const tw__normalised by = norm_of(first_of(l), p);
    const size_t n = (size_t)l->in.n[l->in.rank - 1];
    p->k->norm.columns_forward(p->rows * (l->in_size / n), n, x, &by, y);
}

static double no_products(const tw__layer *l)
{
    (void)l;
    return 0;
}

static const tw__layer_type batchnorm_relu = {.name = "batchnorm, relu",
                                              .forward = norm_relu,
                                              .products = no_products};

static void conv_norm_relu_pool(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const tw__layer *const first = first_of(l);
    const tw__conv_layer *const conv = first->own;
    const tw__normalised by = norm_of(&first[1], p);
    p->k->conv_pool.forward(p->rows, &conv->valid, first[3].own, tw__conv_pad(conv, p, x),
                            tw__tensor_of(first, p, 0), tw__tensor_of(first, p, 1), &by, y, NULL);
}

static double conv_products(const tw__layer *l) { return tw__layer_products(first_of(l)); }

static const tw__layer_type conv_batchnorm_relu_pool = {.name = "conv2d, batchnorm, relu, maxpool2d",
                                                        .forward = conv_norm_relu_pool,
                                                        .products = conv_products};

static size_t fold(const tw__layer *l, size_t n, const tw__layer_type *type, tw__layer *out)
{
    *out = l[0];
    out->type = type;
    out->out = l[n - 1].out;
    out->out_size = l[n - 1].out_size;
    out->own = (void *)(uintptr_t)l;
    return n;
}

size_t tw__layer_fold(const tw__layer *l, size_t left, tw__layer *out, size_t *norm)
{
    const size_t at = l[0].type == &tw__layer_batchnorm ? 0 : 1;
    if (left < at + 2 || l[at].type != &tw__layer_batchnorm || l[at + 1].type != &tw__layer_relu) return 0;
    *norm = at;
    if (at == 0) return fold(l, 2, &batchnorm_relu, out);
    return left >= 4 && tw__conv_pools(l, &l[3]) ? fold(l, 4, &conv_batchnorm_relu_pool, out) : 0;
}
