/* positions: adds to each time of a sequence a vector of its own, learnt, so that attention can tell times
 * apart. Gehring et al. 2017; Radford et al. 2018.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"
#include <string.h>

static const tw_option options[] = {TW__INIT_OPTION("init", TW__ZEROS, "how the vectors begin")};

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    TW_TRY(tw__layer_needs_sequence(l, t, err));
    l->out = l->in;
    return tw__layer_add_tensor(l,
                                &(tw__layer_tensor){.name = "weight",
                                                    .rank = 2,
                                                    .shape = {l->in.n[0], l->in.n[1]},
                                                    .initial = tw__initial_at(t->value[0]),
                                                    .fan_in = (double)l->in.n[0],
                                                    .fan_out = (double)l->in.n[1]},
                                err);
}

static size_t scratch(const tw__layer *l, const tw__kernels *k)
{
    (void)k;
    return l->in_size;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const size_t bytes = l->in_size * p->k->real;
    if (x != y) memcpy(y, x, p->rows * bytes);
    for (size_t r = 0; r < p->rows; r++) p->k->add(l->in_size, (char *)y + r * bytes, tw__tensor_of(l, p, 0));
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    const size_t bytes = l->in_size * p->k->real;
    char *const to = tw__gradient_of(l, p, 0), *const sum = p->into == TW__ADD ? p->scratch : to;
    (void)x, (void)y;
    if (p->into != TW__CONTINUE) memset(sum, 0, bytes);
    for (size_t r = 0; r < p->rows; r++) p->k->add(l->in_size, sum, (const char *)dy + r * bytes);
    if (p->into == TW__ADD) p->k->add(l->in_size, to, sum);
    if (dx && dx != dy) memcpy(dx, dy, p->rows * bytes);
}

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    *value = tw__onnx_two(g, "Add", *value, tw__onnx_tensor(g, l, 0));
}

const tw__layer_type tw__layer_positions = {.name = "positions",
                                            .usage = "positions",
                                            .help = "adds a learnt vector to each time of a sequence",
                                            .equation = "y[t] = x[t] + W[t]\n"
                                                        "dx = dy; dW = sum of dy over the rows",
                                            .options = options,
                                            .n_options = 1,
                                            .in_place = 1,
                                            .setup = setup,
                                            .scratch = scratch,
                                            .forward = forward,
                                            .backward = backward,
                                            .onnx = onnx};
