/* Windows side by side on an image; a ragged edge is not looked at.
 * SPDX-License-Identifier: MIT */
#include "models/nn/pool.h"

tw_status tw__pool_setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    int64_t high, wide;
    TW_TRY(tw__layer_needs_image(l, t, err));
    TW_TRY(tw__layer_window(t, 0, "window", &high, &wide, err));
    TW_TRY(tw__layer_most_words(l, t, 1, err));
    if (high > l->in.n[0] || wide > l->in.n[1]) {
        char in[TW__SHAPE_TEXT];
        return tw__fail(err, TW_ERR_SPEC,
                        "layer %d (%s): a %lldx%lld window does not fit into its input of %s", l->source + 1,
                        t->text, (long long)high, (long long)wide, tw__shape_text(&l->in, in, sizeof in));
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
    return TW_OK;
}

void tw__pool_narrow(tw__layer *l)
{
    tw__pooling *const pool = l->own;
    pool->c = (size_t)l->in.n[l->in.rank - 1];
    if (l->saved) l->saved = l->out_size; /* a byte for each winner */
}

void tw__pool_mean_forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->pool.mean_forward(p->rows, l->own, x, y);
}

void tw__pool_mean_backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y,
                            const void *dy, void *dx)
{
    (void)x, (void)y;
    if (dx) p->k->pool.mean_input(p->rows, l->own, dy, dx);
}

void tw__pool_onnx(const tw__layer *l, tw__onnx *g, const char *operator, tw__onnx_name * value)
{
    const tw__pooling *const pool = l->own;
    const int64_t high = (int64_t)pool->k_h, wide = (int64_t)pool->k_w;
    const tw__onnx_attribute with[] = {TW__ONNX_LIST("kernel_shape", 2, high, wide),
                                       TW__ONNX_LIST("strides", 2, high, wide)};
    *value = tw__onnx_node(g, operator, 1, value, 2, with);
}
