/* relu: 0 where negative. Its gradient needs only the output.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    l->out = l->in;
    return TW_OK;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->relu_forward(p->rows * l->out_size, x, y);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    (void)x;
    if (dx) p->k->relu_input(p->rows * l->out_size, y, dy, dx);
}

const tw__layer_type tw__layer_relu = {.name = "relu",
                                       .usage = "relu",
                                       .help = "0 where negative",
                                       .equation = "y = max(0, x)\n"
                                                   "dx = dy where y > 0, else 0",
                                       .activation = 1,
                                       .in_place = 1,
                                       .setup = setup,
                                       .forward = forward,
                                       .backward = backward};
