/* layernorm: each vector, each time of a sequence or each pixel's channels have mean 0 and variance 1, then a
 * gain and a shift for each number. Ba, Kiros & Hinton 2016.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static const tw_option options[] = {{"eps", TW_REAL, NULL, 1e-5, 0, 1, TW_OPEN_MIN, "added to the variance"}};

struct layernorm {
    size_t lines, n; /* per row; numbers in a line */
    double eps;
};

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    struct layernorm *const own = l->own;
    TW_TRY(tw__layer_no_words(t, err));
    l->out = l->in;
    l->by_time = 1;
    const int64_t n = l->in.n[l->in.rank - 1];
    *own = (struct layernorm){l->in_size / (size_t)n, (size_t)n, t->value[0]};
    l->saved = own->lines * 2 * sizeof(double);
    TW_TRY(tw__layer_add_tensor(
        l, &(tw__layer_tensor){.name = "weight", .rank = 1, .shape = {n}, .initial = &tw__initial_ones},
        err));
    return tw__layer_add_tensor(l, &(tw__layer_tensor){.name = "bias", .rank = 1, .shape = {n}}, err);
}

static size_t scratch(const tw__layer *l, const tw__kernels *k)
{
    (void)k;
    return 2 * ((const struct layernorm *)l->own)->n;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const struct layernorm *const own = l->own;
    p->k->norm.lines_forward(p->rows * own->lines, own->n, own->eps, x, tw__tensor_of(l, p, 0),
                             tw__tensor_of(l, p, 1), y, p->saved);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    const struct layernorm *const own = l->own;
    const size_t lines = p->rows * own->lines;
    (void)y;
    p->k->norm.lines_weights(lines, own->n, x, p->saved, dy, p->into, tw__gradient_of(l, p, 0),
                             tw__gradient_of(l, p, 1), p->scratch);
    if (dx) p->k->norm.lines_input(lines, own->n, x, tw__tensor_of(l, p, 0), p->saved, dy, dx);
}

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    const struct layernorm *const own = l->own;
    const int is_image = l->in.rank == 3;
    tw__onnx_name x = tw__onnx_native(g, &l->in, *value);
    if (is_image) x = TW__ONNX_ORDER(g, x, 4, 0, 2, 3, 1);
    const tw__onnx_name w = tw__onnx_tensor(g, l, 0), b = tw__onnx_tensor(g, l, 1), in[] = {x, w, b},
                        y = tw__onnx_node(g, "LayerNormalization", 3, in, 1,
                                          &TW__ONNX_REAL("epsilon", own->eps));
    *value = tw__onnx_filed(g, &l->in, is_image ? TW__ONNX_ORDER(g, y, 4, 0, 3, 1, 2) : y);
}

const tw__layer_type tw__layer_layernorm = {
    .name = "layernorm",
    .usage = "layernorm",
    .help =
        "mean 0 and variance 1 of each vector, of each time of a sequence, or over the channels of each pixel",
    .equation = "h = (x - mean)/sqrt(variance + eps), over the last dimension; y = gain h + shift\n"
                "g = gain dy; dx = (g - mean(g) - h mean(g h))/sqrt(variance + eps)\n"
                "dgain = sum of dy h; dshift = sum of dy",
    .options = options,
    .n_options = 1,
    .reads = TW__READS_INPUT,
    .own_size = sizeof(struct layernorm),
    .setup = setup,
    .scratch = scratch,
    .forward = forward,
    .backward = backward,
    .onnx = onnx};
