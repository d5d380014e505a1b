/* softmax: the last layer, for two classes or more; the loss is the cross-entropy with the row's class,
 * computed from the logits.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    if (l->in.rank != 1) {
        char in[64];
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): softmax needs a vector and gets %s", l->source + 1,
                        t->text, tw__shape_text(&l->in, in, sizeof in));
    }
    l->out = l->in;
    return TW_OK;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->classes.softmax(p->rows, l->out_size, x, y);
}

static tw_status classes(const tw__layer *l, int64_t *n, tw_error *err)
{
    *n = l->out.n[0];
    if (*n > 1) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "the last layer has 1 output, softmax needs at least 2; \"dense 1 sigmoid\" is for two classes");
}

static void loss(const tw__layer *l, const tw__pass *p, const void *x, const int32_t *labels, tw_sums *sums,
                 void *dx)
{
    p->k->classes.softmax_loss(p->rows, l->out_size, x, labels, &sums->loss, &sums->correct, dx);
}

const tw__layer_type tw__layer_softmax =
    {.name = "softmax",
     .usage = "softmax",
     .help = "class probabilities; loss: sparse categorical cross-entropy",
     .equation = "y[i] = e^x[i]/sum over k of e^x[k]\n"
                 "as the last layer: loss = -log y[label]; dx[i] = y[i] - (i = label)",
     .activation = 1,
     .in_place = 1,
     .setup = setup,
     .forward = forward,
     .classes = classes,
     .loss = loss};
