/* softmax: the last layer; the loss is then the cross-entropy with the row's class, computed from the logits (plan.c), so that
 * its own backward is never asked for.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    if (l->in.rank != 1) {
        char in[64];
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): softmax needs a vector and gets %s", l->written + 1, t->text,
                        tw__shape_text(&l->in, in, sizeof in));
    }
    l->out = l->in;
    return TW_OK;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y) { p->k->softmax(p->rows, l->out_size, x, y); }

const tw__layer_type tw__layer_softmax = {.name = "softmax", .usage = "softmax", .help = "class probabilities; loss: sparse categorical cross-entropy",
                                          .activation = 1, .in_place = 1, .setup = setup, .forward = forward};
