/* sgd:lr=auto: an estimator's learning rate, from the smoothness of the rows' losses. sgd:lr=search: the rate
 * is 1 times what is found on the way.
 * SPDX-License-Identifier: MIT */
#include "base/names.h"
#include "estimators/by_row.h"
#include "train/run.h"
#include <stdio.h>
#include <string.h>

/* How much the gradient of a row's share of the mean can change: of the row for which that is most. */
static double smoothness(const tw_run *r, double weight)
{
    const tw_glm *f = &r->glm;
    double most = 0;
    for (uint64_t i = 0; i < r->train.n_rows; i++) {
        tw_row row;
        f->row(f->user, i, &row);
        const double x = f->weight(f->user, i) * (tw__row_square(f, &row) + (f->intercept ? 1 : 0));
        if (x > most) most = x;
    }
    return f->smoothness * most * (double)r->train.n_rows / weight;
}

static int is_search(const char *word) { return strcmp(word, "search") == 0; }

static const tw__estimator_type *type_of(const char *name)
{
    return tw__estimator_type_find(tw__text_of(name));
}

static int takes(const tw__estimator_type *type, const char *word)
{
    return is_search(word) ? type->takes_search : type->rate != NULL;
}

/* Estimator i of those that take lr = `word`. */
static const char *taker_at(size_t i, const void *word)
{
    const tw_estimator *e;
    for (size_t k = 0; (e = tw_estimator_at(k)) != NULL; k++)
        if (takes(type_of(e->name), word) && i-- == 0) return e->name;
    return NULL;
}

static tw_status refuse(const char *word, const char *estimator, tw_error *err)
{
    char takers[TW__NAMES];
    tw__names_join(takers, taker_at, word);
    return tw__fail(err, TW_ERR_SPEC, "lr = %s is for %s, not for the estimator %s", word, takers, estimator);
}

static tw_status begin_search(tw_run *r, tw__preset *preset, tw_error *err)
{
    const char *schedule = r->o.schedule;
    if (schedule && strcmp(schedule, "constant") != 0)
        return tw__fail(err, TW_ERR_SPEC,
                        "lr = search finds the rate of each update: schedule must be constant");
    r->searches = 1;
    preset->optimizer = "sgd:lr=1";
    return TW_OK;
}

tw_status tw__run_auto_lr(tw_run *r, tw__preset *preset, double weight, tw_error *err)
{
    tw_estimator_choice choice;
    char number[TW_VALUE_MAX];
    const char *word = tw__preset_lr_word(preset->optimizer);
    if (!word) return TW_OK;
    TW_TRY(tw_estimator_read(&choice, preset->estimator, err));
    const tw__estimator_type *type = type_of(choice.estimator->name);
    if (!takes(type, word)) return refuse(word, choice.estimator->name, err);
    if (is_search(word)) return begin_search(r, preset, err);
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
