/* sgd:lr=auto: an estimator's learning rate, from the smoothness of the rows' losses.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "train/run.h"
#include <stdio.h>
#include <string.h>

static double square(const tw_glm *f, const tw_row *r)
{
    double sum = 0;
    for (size_t i = 0; i < r->n; i++) {
        const double x = f->row_type == TW_U8    ? ((const uint8_t *)r->x)[i] / 255.0
                         : f->row_type == TW_F32 ? (double)((const float *)r->x)[i]
                                                 : ((const double *)r->x)[i];
        sum += x * x;
    }
    return sum;
}

/* How much the gradient of a row's share of the mean can change: of the row for which that is most. */
static double smoothness(const tw_run *r, double weight)
{
    const tw_glm *f = &r->glm;
    double most = 0;
    for (uint64_t i = 0; i < r->train.n_rows; i++) {
        tw_row row;
        f->row(f->user, i, &row);
        const double x = f->weight(f->user, i) * (square(f, &row) + (f->intercept ? 1 : 0));
        if (x > most) most = x;
    }
    return f->smoothness * most * (double)r->train.n_rows / weight;
}

tw_status tw__run_auto_lr(tw_run *r, tw__preset *preset, double weight, tw_error *err)
{
    tw_estimator_choice choice;
    char number[TW_VALUE_MAX];
    if (strcmp(preset->optimizer, TW__SGD_AUTO_LR) != 0) return TW_OK;
    TW_TRY(tw_estimator_read(&choice, preset->estimator, err));
    const tw__estimator_type *type = tw__estimator_type_find(tw__text_of(choice.estimator->name));
    if (!type->rate)
        return tw__fail(
            err, TW_ERR_SPEC,
            "lr = auto is for sag, saga, svrg, sarah, katyusha and miso, not for the estimator %s",
            choice.estimator->name);
    if (!r->train.glm || !(r->glm.smoothness > 0) || !(weight > 0))
        return tw__fail(
            err, TW_ERR_SPEC,
            "lr = auto needs a linear model whose slopes have a bound: linear, ridge, huber, logistic, "
            "softmax or svm with the squared hinge");
    const double l = smoothness(r, weight), lr = type->rate(l, r->glm.l2, (double)r->train.n_rows);
    if (!(l > 0) || !(lr > 0) || lr - lr != 0)
        return tw__fail(err, TW_ERR_SPEC, "lr = auto: the smoothness constant is %g", l);
    snprintf(preset->rule, sizeof preset->rule, "sgd:lr=%s", tw__number_text(lr, number));
    preset->optimizer = preset->rule;
    r->lr_is_auto = 1;
    tw__log(r->ctx, TW_LOG_INFO, "lr auto: %s, where the losses' gradients have the Lipschitz constant %g",
            number, l);
    return TW_OK;
}
