/* lstm 64: long short-term memory, with the forget gate. Hochreiter & Schmidhuber 1997; Gers, Schmidhuber &
 * Cummins 2000. Gates in PyTorch's order.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "models/nn/recurrent.h"

/* kept: i, f, g, o, and c */
static void *c_of(const tw__kernels *k, size_t n, void *kept) { return (char *)kept + 4 * n * k->real; }

static void cell_forward(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.lstm_forward(n, at->in, at->hidden, at->state_before, at->kept, c_of(k, n, at->kept), at->h);
}

static void cell_backward(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.lstm_input(n, at->kept, at->state_before, c_of(k, n, at->kept), at->dh, at->d_state,
                            at->d_in);
    memset(at->dh, 0, n * k->real);
}

static const tw__cell cell = {.gates = 4,
                              .kept = 5,
                              .state = 1,
                              .forward = cell_forward,
                              .backward = cell_backward,
                              .is_joint = 1,
                              .onnx = "LSTM",
                              .onnx_order = {0, 2, 3, 1}};

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    return tw__recurrent_setup(l, t, &cell, err);
}

const tw__layer_type tw__layer_lstm = {
    .name = "lstm",
    .usage = "lstm WIDTH",
    .help = "long short-term memory of a sequence",
    .equation =
        "i, f, o = sigmoid, g = tanh of W x[t] + b + U h[t-1] + c', each with rows of its own\n"
        "c[t] = f c[t-1] + i g; h[t] = o tanh(c[t]); both 0 before the first time, or with carry=1 as the row before left them\n"
        "dc[t] = dh[t] o (1 - tanh(c[t])^2) + f[t+1] dc[t+1]; di = dc g, df = dc c[t-1], dg = dc i, do = "
        "dh tanh(c), each times its function's slope",
    .options = tw__recurrent_options,
    .n_options = TW__RECURRENT_OPTIONS,
    TW__RECURRENT_FIELDS};
