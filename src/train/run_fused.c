/* The fused form of an estimator in the loop: where it can take the place of the one in vectors, and its
 * updates, which evaluate and step at once.
 * SPDX-License-Identifier: MIT */
#include "train/run.h"
#include "estimators/by_row.h"
#include <string.h>

/* The length of the first step, from the rule as it was read. */
static double first_lr(const tw_chain *chain)
{
    return chain->link[0].values[tw_rule_option(chain->link[0].rule, "lr")];
}

/* NULL, or why the form in vectors is needed. */
static const char *obstacle(const tw_run *r, const tw__preset *preset, const tw__by_row_form *form,
                            double weight)
{
    tw_chain chain;
    if (!tw__is_plain_sgd(&r->o, preset->optimizer)) return "the rule is not plain sgd";
    if (tw_chain_read(&chain, preset->optimizer, NULL, NULL) != TW_OK) return "";
    if (r->o.exchange && strcmp(r->o.exchange, "local") != 0) return "the exchange is not local";
    if (r->o.sparse != TW_RUN_SPARSE_EXACT) return "sparse is given";
    if (r->searches && !(r->o.batch == 1 && r->o.accumulate <= 1)) return "lr = search is made for batch = 1";
    if (!(weight > 0)) return "the rows weigh nothing";
    if (r->glm.l1 > 0 && form->looks_before) return "it looks at old weights, which l1 forbids";
    if (!r->searches && !(first_lr(&chain) * r->glm.l2 <= TW__MOST_DECAY)) return "lr times l2 is too large";
    for (size_t i = 0; i < r->train.n_tensors; i++)
        if (r->train.tensors[i].flags & (TW_TENSOR_BUFFER | TW_TENSOR_FROZEN)) return "weights are frozen";
    return NULL;
}

int tw__run_can_fuse(const tw_run *r, const tw__preset *preset, double weight)
{
    tw_estimator_choice choice;
    if (!r->train.glm || r->o.fused == TW_RUN_FUSED_NO) return 0;
    if (tw_estimator_read(&choice, preset->estimator, NULL) != TW_OK) return 0;
    const tw__by_row_form *form = tw__estimator_type_find(tw__text_of(choice.estimator->name))->by_row;
    if (!form) return 0;
    const char *why = form->applies && !form->applies(choice.values) ? "it moves blocks of the weights"
                                                                     : obstacle(r, preset, form, weight);
    if (why) tw__log(r->ctx, TW_LOG_INFO, "%s is not fused: %s", choice.estimator->name, why);
    return !why;
}

tw_status tw__run_make_fused(tw_run *r, tw_error *err)
{
    TW_TRY(tw__by_row_create(&r->by_row, r->estimator, &r->glm, err));
    tw__log(r->ctx, TW_LOG_INFO, "fused %s: %s, %.0f bytes", r->estimator->type->about.name, tw_run_fused(r),
            tw__by_row_bytes(r->by_row));
    return TW_OK;
}

const char *tw_run_fused(const tw_run *r)
{
    if (!r->by_row) return NULL;
    return !r->estimator->type->by_row->remembers ? "steps what a row touches"
           : r->glm.outputs > 1                   ? "one number per row and score"
                                                  : "one number per row";
}

/* Nothing changes lr, so that the optimiser is not needed: its count of steps, a third of the time of an
 * update of few numbers, would decide nothing. */
static int is_constant(const tw_run *r)
{
    return !r->controls && (!r->o.schedule || strcmp(r->o.schedule, "constant") == 0);
}

tw_status tw__run_fused_update(tw_run *r, tw__update *u, tw_error *err)
{
    if (!(r->fused_lr > 0) || !is_constant(r))
        TW_TRY(tw_optimizer_value(r->optimizer, "lr", &r->fused_lr, err));
    if (r->step % TW__AHEAD == 0) tw__by_row_fetch(r->by_row, r->epoch, r->step);
    TW_TRY(tw__by_row_update(r->by_row, u, r->fused_lr, err));
    if (r->searches) TW_TRY(tw_optimizer_set_factor(r->optimizer, r->by_row->lr, err));
    r->gradients += r->by_row->evaluated;
    if (r->step + 1 == r->steps_per_epoch) tw__by_row_settle(r->by_row);
    return TW_OK;
}

tw_status tw__run_fused_end(tw_run *r, tw_error *err)
{
    if (is_constant(r)) return TW_OK;
    return r->train.type == TW_F32 ? tw_step_sparse_f32(r->optimizer, r->w, 0, NULL, NULL, err)
                                   : tw_step_sparse_f64(r->optimizer, r->w, 0, NULL, NULL, err);
}
