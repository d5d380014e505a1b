/* The penalties of a generalised linear model, beside an estimator that remembers gradients. Those it
 * remembers are of the losses alone, so that old penalties never count: the gradient of l2 is added to the
 * direction where it is needed, exactly. l1 is a proximal step after that of plain sgd (Defazio, Bach &
 * Lacoste-Julien 2014, equation 2; Xiao & Zhang 2014, figure 1), and its sign for any other rule. For
 * TW__PROXIMAL, l2 is in that step, too. Beside batches whose gradients are lists the rule's weight decay is
 * the gradient of l2, at the weights that are stepped; or it is by degree, at the weights of the gradient.
 * SPDX-License-Identifier: MIT */
#include "train/run.h"
#include "base/options.h"
#include "math/penalty.h"
#include "math/soft.h"
#include "math/sums.h"
#include "train/degree.h"
#include <stdio.h>
#include <string.h>

tw_status tw__run_read_glm(tw_run *r, tw_error *err)
{
    if (!r->train.glm) return TW_OK;
    TW_TRY(tw__sized_read(&r->glm, sizeof r->glm, r->train.glm, "tw_glm", err));
    r->train.glm = &r->glm;
    return TW_OK;
}

int tw__run_is_penalised(const tw_run *r) { return r->train.glm && (r->glm.l2 > 0 || r->glm.l1 > 0); }

int tw__is_plain_sgd(const tw_run_options *o, const char *optimizer)
{
    tw_chain chain;
    if (o->custom_rule || o->groups || tw_chain_read(&chain, optimizer, NULL, NULL) != TW_OK) return 0;
    const char *spec = chain.link[0].spec;
    return chain.n == 1 &&
           (strcmp(spec, "sgd") == 0 || (strncmp(spec, "sgd:lr=", 7) == 0 && !strchr(spec, ',')));
}

static size_t n_penalised(const tw_run *r) { return r->glm.outputs * r->glm.columns; }

/* NULL, or why weight decay of this rule would not be l2. */
static const char *no_decay(const tw_run *r, const tw_optimizer_options *o)
{
    tw_chain chain;
    size_t first;
    if (!tw__size_of_shape(o->tensors[0].rank, o->tensors[0].shape, &first) || first != n_penalised(r))
        return "that takes a tensor of the penalised weights alone";
    if (r->glm.l1 > 0) return "l1 has no such form (estimator saga has)";
    if (o->custom || tw_chain_read(&chain, o->rule, NULL, NULL) != TW_OK || chain.n != 1)
        return "that takes a rule without transforms";
    if (o->groups) return "that leaves no groups";
    const tw_choice *c = &chain.link[0];
    if (!(c->rule->traits(c->values) & TW_DECAY_IS_L2)) return "this rule has none that adds to the gradient";
    if (c->values[tw_rule_option(c->rule, "weight_decay")] != 0 ||
        (o->schedule && strstr(o->schedule, "weight_decay")))
        return "the rule's own is given, too";
    return NULL;
}

tw_status tw__run_choose_decay(tw_run *r, tw_optimizer_options *o, char groups[TW_SPEC_MAX], tw_error *err)
{
    const enum tw_run_sparse how = r->o.sparse;
    const int is_wanted =
        how == TW_RUN_SPARSE_SKIP || how == TW_RUN_SPARSE_REPLAY || how == TW_RUN_SPARSE_TOUCHED;
    if (!is_wanted || !r->train.touched || r->estimator->type->direction || !tw__run_is_penalised(r))
        return TW_OK;
    const char *why = no_decay(r, o);
    if (why)
        return tw__fail(err, TW_ERR_SPEC, "sparse = %s steps l2 as weight decay: %s", tw_run_sparse_name(how),
                        why);
    char number[TW_VALUE_MAX];
    snprintf(groups, TW_SPEC_MAX, "%.100s:weight_decay=%s", o->tensors[0].name,
             tw__number_text(r->glm.l2, number));
    o->groups = groups;
    r->parts_penalty = r->decays = 1;
    return TW_OK;
}

tw_status tw__run_choose_degree(tw_run *r, tw_error *err)
{
    if (r->o.sparse != TW_RUN_SPARSE_DEGREE || !r->train.touched) return TW_OK;
    if (!r->train.glm || !(r->glm.l2 > 0 || r->estimator->is_led) || r->glm.l1 > 0)
        return tw__fail(err, TW_ERR_SPEC, "sparse = degree is for l2 of a linear model%s",
                        r->train.glm && r->glm.l1 > 0 ? ": l1 has no such form" : ", and there is none");
    r->parts_penalty = 1;
    TW_TRY(tw__degree_ratios(r->ctx, &r->glm, r->train.n_rows, &r->degree_ratios, err));
    tw__batch_by_degree(r->batch, r->degree_ratios);
    return TW_OK;
}

void tw__run_choose_penalty(tw_run *r, int elsewhere)
{
    const enum tw__penalties where = r->estimator->type->penalties;
    elsewhere &= tw__run_is_penalised(r);
    if (elsewhere) r->parts_penalty = 1;
    if (r->decays || elsewhere) tw__batch_without_penalty(r->batch);
    if (where == TW__IN_SUMS || !tw__run_is_penalised(r)) return;
    r->parts_penalty = 1;
    r->proximal_l2 = where == TW__PROXIMAL ? r->glm.l2 : 0;
    r->is_proximal =
        !r->by_row && (where == TW__PROXIMAL ||
                       (r->glm.l1 > 0 && tw__is_plain_sgd(&r->o, tw_optimizer_spec(r->optimizer))));
    tw__batch_without_penalty(r->batch);
}

#define SHRINK(real, t)                                                                  \
    static void shrink_##t(real *w, size_t n, double by, double over)                    \
    {                                                                                    \
        for (size_t i = 0; i < n; i++) w[i] = (real)(tw__soft((double)w[i], by) / over); \
    }
SHRINK(float, f32)
SHRINK(double, f64)

void tw__run_add_penalty(const tw_run *r, const void *point, void *direction)
{
    const double l1 = r->is_proximal ? 0 : r->glm.l1;
    if (!r->parts_penalty || r->decays || r->degree_ratios || r->estimator->type->penalties == TW__PROXIMAL)
        return;
    if (r->train.type == TW_F64) tw__add_penalty_f64(direction, point, n_penalised(r), r->glm.l2, l1);
    else tw__add_penalty_f32(direction, point, n_penalised(r), r->glm.l2, l1);
}

void tw__run_shrink(const tw_run *r, void *point, double lr)
{
    const double by = lr * r->glm.l1, over = 1 + lr * r->proximal_l2;
    if (!r->is_proximal) return;
    if (r->train.type == TW_F64) shrink_f64(point, n_penalised(r), by, over);
    else shrink_f32(point, n_penalised(r), by, over);
}

double tw__run_penalty(const tw_run *r)
{
    const tw__sums *sums = tw__sums_for(tw_context_isa(r->ctx));
    const size_t n = n_penalised(r);
    double l1 = 0;
    if (!r->parts_penalty) return 0;
    for (size_t i = 0; r->glm.l1 > 0 && i < n; i++)
        l1 += r->train.type == TW_F64 ? __builtin_fabs(((double *)r->w)[i])
                                      : (double)__builtin_fabsf(((float *)r->w)[i]);
    const double l2 =
        r->train.type == TW_F64 ? tw__sum_squares_f64(sums, r->w, n) : tw__sum_squares_f32(sums, r->w, n);
    return r->glm.l2 / 2 * l2 + r->glm.l1 * l1;
}
