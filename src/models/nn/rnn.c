/* rnn 64: the simple recurrent layer. Elman 1990; gradients through time: Werbos 1990.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "models/nn/recurrent.h"

static void cell_forward(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.tanh_forward(n, at->in, at->hidden, at->h);
}

static void cell_backward(const tw__kernels *k, size_t n, const tw__cell_at *at)
{
    k->recurrent.tanh_input(n, at->h, at->dh, at->d_in);
    memset(at->dh, 0, n * k->real);
}

static const tw__cell cell = {.gates = 1,
                              .forward = cell_forward,
                              .backward = cell_backward,
                              .is_joint = 1,
                              .onnx = "RNN"};

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    return tw__recurrent_setup(l, t, &cell, err);
}

const tw__layer_type tw__layer_rnn =
    {.name = "rnn",
     .usage = "rnn WIDTH",
     .help = "simple recurrent layer of a sequence",
     .equation =
         "h[t] = tanh(W x[t] + b + U h[t-1] + c), h[-1] = 0, or with carry=1 the last of the row before\n"
         "a[t] = (dy[t] + U^T a[t+1]) (1 - h[t]^2); dx[t] = W^T a[t]\n"
         "dW = sum of a[t] x[t]^T; dU = sum of a[t] h[t-1]^T; db, dc: sum of a[t]",
     .options = tw__recurrent_options,
     .n_options = TW__RECURRENT_OPTIONS,
     TW__RECURRENT_FIELDS};
