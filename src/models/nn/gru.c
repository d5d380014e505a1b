/* gru 64: the gated recurrent unit, with the reset gate after the product, as in PyTorch and Keras
 * (reset_after). Cho et al. 2014, whose reset gate comes before the product.
 * SPDX-License-Identifier: MIT */
#include "models/nn/recurrent.h"

static void cell_forward(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.gru_forward(n, at->in, at->hidden, at->h_before, at->kept, at->h);
}

static void cell_backward(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.gru_input(n, at->kept, at->h_before, at->dh, at->d_in, at->d_hidden);
}

static const tw__cell cell = {.gates = 3,
                              .kept = 4,
                              .forward = cell_forward,
                              .backward = cell_backward,
                              .onnx = "GRU",
                              .onnx_order = {1, 0, 2}};

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    return tw__recurrent_setup(l, t, &cell, err);
}

const tw__layer_type tw__layer_gru = {
    .name = "gru",
    .usage = "gru WIDTH",
    .help = "gated recurrent unit of a sequence",
    .equation =
        "r, z = sigmoid(W x[t] + b + U h[t-1] + c), n = tanh(W x[t] + b + r (U h[t-1] + c)), each with rows of its own\n"
        "h[t] = (1 - z) n + z h[t-1], h[-1] = 0, or with carry=1 the last of the row before\n"
        "dn = dh (1 - z), dz = dh (h[t-1] - n), dr = dn (U h[t-1] + c), each times its function's slope",
    TW__RECURRENT_FIELDS};
