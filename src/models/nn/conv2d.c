/* conv2d 32 3x3: a convolution of images, bias included.
 * SPDX-License-Identifier: MIT */
#include "models/nn/conv.h"

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    int64_t channels, high, wide;
    TW_TRY(tw__layer_needs_image(l, t, err));
    TW_TRY(tw__layer_count(t, 0, "channels", &channels, err));
    TW_TRY(tw__layer_window(t, 1, "kernel", &high, &wide, err));
    TW_TRY(tw__layer_most_words(l, t, 2, err));
    l->out.rank = 3;
    return tw__conv_setup(l, t, l->in.n, high, wide, channels, l->out.n, err);
}

const tw__layer_type tw__layer_conv2d =
    {.name = "conv2d",
     .usage = "conv2d CHANNELS HIGHxWIDE",
     .help = "convolution of images; valid with stride 1 unless options say otherwise",
     .equation = "y[i, j, c] = b[c] + sum over p, q, d of w[c, d, p, q] x[i + p, j + q, d]\n"
                 "with options: x[stride i + dilation p - padding, ...], 0 outside, d of c's group\n"
                 "dx, dw: the same sum the other way round; db[c] = sum of dy[i, j, c]",
     TW__CONV_FIELDS};
