/* hinge_loss: the last layer of a network with one score for two classes, class 1 where it is above 0; the
 * loss is that of a support vector machine.
 * SPDX-License-Identifier: MIT */
#include "models/nn/same.h"

static tw_status classes(const tw__layer *l, int64_t *n, tw_error *err)
{
    *n = 2;
    if (l->out_size == 1) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "the last layer has %zu outputs; hinge_loss at the end has one, the score of class 1: \"dense 1 "
        "hinge_loss\"",
        l->out_size);
}

static void loss(const tw__layer *l, const tw__pass *p, const void *x, const int32_t *labels, tw_sums *sums,
                 void *dx)
{
    (void)l;
    for (size_t i = 0; i < p->rows; i++) {
        const double score = tw__number_at(p->k, x, i), side = labels[i] ? 1 : -1,
                     short_of = 1 - side * score,
                     slope = short_of > 0    ? -side
                             : short_of <= 0 ? 0
                                             : short_of;
        sums->loss += short_of <= 0 ? 0 : short_of;
        sums->correct += (score > 0) == (labels[i] != 0);
        if (dx) tw__set_number(p->k, dx, i, slope);
    }
}

static const tw_option options[] = {TW__CLASS_WEIGHT_OPTION};

const tw__layer_type tw__layer_hinge_loss =
    {.name = "hinge_loss",
     .usage = "hinge_loss",
     .help = "\"dense 1 hinge_loss\" at the end: a score, above 0 for class 1; loss: hinge",
     .equation =
         "y = x\n"
         "as the last layer: loss = max(0, 1 - s y), s = 1 for label 1, -1 for label 0; dx = -s where the "
         "loss is above 0, else 0",
     .options = options,
     .n_options = 1,
     .activation = 1,
     .in_place = 1,
     .of_scores = 1,
     .setup = tw__same_setup,
     .forward = tw__same_forward,
     .onnx = tw__nothing_onnx,
     .classes = classes,
     .loss = loss};
