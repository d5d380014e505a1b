/* gru 64: the gated recurrent unit. The reset gate comes after the product, as in PyTorch and Keras
 * (reset_after), or before it (gru@cho). Cho et al. 2014, equations 5 to 8, where it comes before.
 * SPDX-License-Identifier: MIT */
#include "models/nn/recurrent.h"

enum { RESET = TW__RECURRENT_OPTIONS, N_OPTIONS };
enum { AFTER, BEFORE };

static const tw_option options[N_OPTIONS] = {TW__RECURRENT_ROWS,
                                             {"reset", TW_WORD, "after before", AFTER, 0, 0, TW_CLOSED,
                                              "the reset gate, in respect of the product of h"}};

static const tw_dialect dialects[] = {{"torch", NULL, "reset=after",
                                       "as PyTorch's and Keras's GRU; the default"},
                                      {"cho", NULL, "reset=before", "as Cho et al. 2014 have it"},
                                      {NULL, NULL, NULL, NULL}};

static void forward_after(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.gru_forward(n, at->in, at->hidden, at->h_before, at->kept, at->h);
}

static void backward_after(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.gru_input(n, at->kept, at->h_before, at->dh, at->d_in, at->d_hidden);
}

static void reset(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.gru_reset(n, at->in, at->hidden, at->h_before, at->kept, at->reset);
}

static void forward_before(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.gru_after_reset(n, at->in, at->of_reset, at->h_before, at->kept, at->h);
}

static void backward_before(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.gru_after_reset_input(n, at->kept, at->h_before, at->dh, at->d_in);
}

static void reset_backward(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.gru_reset_input(n, at->kept, at->h_before, at->of_reset, at->dh, at->d_in);
}

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    static const tw__cell cells[] = {[AFTER] = {.gates = 3,
                                                .kept = 4,
                                                .forward = forward_after,
                                                .backward = backward_after,
                                                .onnx = "GRU",
                                                .onnx_order = {1, 0, 2}},
                                     [BEFORE] = {.gates = 3,
                                                 .kept = 3,
                                                 .forward = forward_before,
                                                 .backward = backward_before,
                                                 .reset = reset,
                                                 .reset_backward = reset_backward,
                                                 .onnx = "GRU",
                                                 .onnx_order = {1, 0, 2}}};
    return tw__recurrent_setup(l, t, &cells[(int)t->value[RESET]], err);
}

const tw__layer_type tw__layer_gru = {
    .name = "gru",
    .usage = "gru WIDTH",
    .help = "gated recurrent unit of a sequence",
    .equation =
        "r, z = sigmoid(W x[t] + b + U h[t-1] + c), n = tanh(W x[t] + b + r (U h[t-1] + c)), each with rows of its own\n"
        "with reset=before, gru@cho: n = tanh(W x[t] + b + U (r h[t-1]) + c)\n"
        "h[t] = (1 - z) n + z h[t-1], h[-1] = 0, or with carry=1 the last of the row before\n"
        "dn = dh (1 - z), dz = dh (h[t-1] - n), dr = dn (U h[t-1] + c), before: (U^T dn) h[t-1], each times its function's slope",
    .options = options,
    .n_options = N_OPTIONS,
    .dialects = dialects,
    TW__RECURRENT_FIELDS};
