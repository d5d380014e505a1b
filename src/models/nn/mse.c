/* mse: the last layer of a network that predicts a number. Its output is its input, its loss the squared
 * error.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"
#include <string.h>

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    l->out = l->in;
    return TW_OK;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    memcpy(y, x, p->rows * l->out_size * p->k->real);
}

static tw_status classes(const tw__layer *l, int64_t *n, tw_error *err)
{
    *n = 0;
    if (l->out_size == 1) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "the last layer has %zu outputs; mse at the end has one: \"dense 1 mse\"", l->out_size);
}

static void loss(const tw__layer *l, const tw__pass *p, const void *x, const int32_t *labels, tw_sums *sums,
                 void *dx)
{
    (void)l, (void)labels;
    for (size_t i = 0; i < p->rows; i++) {
        const double y = p->k->real == sizeof(double) ? ((const double *)x)[i]
                                                      : (double)((const float *)x)[i],
                     r = y - p->targets[i];
        sums->loss += r * r;
        if (dx && p->k->real == sizeof(double)) ((double *)dx)[i] = 2 * r;
        else if (dx) ((float *)dx)[i] = (float)(2 * r);
    }
}

const tw__layer_type tw__layer_mse = {.name = "mse",
                                      .usage = "mse",
                                      .help = "\"dense 1 mse\" at the end: a number; loss: squared error",
                                      .equation =
                                          "y = x\n"
                                          "as the last layer: loss = (y - target)^2; dx = 2 (y - target)",
                                      .activation = 1,
                                      .in_place = 1,
                                      .of_numbers = 1,
                                      .setup = setup,
                                      .forward = forward,
                                      .classes = classes,
                                      .loss = loss};
