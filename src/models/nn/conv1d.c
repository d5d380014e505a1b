/* conv1d 32 5: a convolution of sequences, along the time, bias included.
 * SPDX-License-Identifier: MIT */
#include "models/nn/conv.h"

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    int64_t channels, wide, out[3];
    TW_TRY(tw__layer_needs_sequence(l, t, err));
    TW_TRY(tw__layer_count(t, 0, "channels", &channels, err));
    TW_TRY(tw__layer_count(t, 1, "kernel", &wide, err));
    TW_TRY(tw__layer_most_words(l, t, 2, err));
    TW_TRY(tw__conv_setup(l, t, (int64_t[]){1, l->in.n[0], l->in.n[1]}, 1, wide, channels, out, err));
    l->out = (tw__shape){.rank = 2, .n = {out[1], out[2]}};
    return TW_OK;
}

const tw__layer_type tw__layer_conv1d =
    {.name = "conv1d",
     .usage = "conv1d CHANNELS LENGTH",
     .help = "convolution of sequences; valid with stride 1 unless options say otherwise",
     .equation = "y[t, c] = b[c] + sum over p, d of w[c, d, p] x[t + p, d]\n"
                 "with options: x[stride t + dilation p - padding, d], 0 outside, d of c's group\n"
                 "dx, dw: the same sum the other way round; db[c] = sum of dy[t, c]",
     TW__CONV_FIELDS};
