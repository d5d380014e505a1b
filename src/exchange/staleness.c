/* Corrections for staleness; see staleness.h. The rate of the step is scaled, not the gradient: a rule that
 * divides by the size of gradients would undo that.
 * SPDX-License-Identifier: MIT */
#include "exchange/staleness.h"

/* Both adaptive rates keep the sum of the factors from the weights that a gradient was taken at up to its
 * step at most 1 (Wu et al. 2022). */
static int is_adaptive(const tw__staleness *s) { return s->rate >= TW__ADAPTIVE1; }

tw_status tw__staleness_create(tw__workers *x, tw__staleness *s, tw_error *err)
{
    *s = (tw__staleness){.rate = (enum tw__stale_rate)tw__exchange_value(x, "rate"),
                         .oldest = (uint64_t)tw__exchange_value(x, "oldest"),
                         .alpha = tw__exchange_value(x, "alpha")};
    return is_adaptive(s) ? tw__alloc(x->ctx, &s->given, x->n, sizeof *s->given, err) : TW_OK;
}

void tw__staleness_free(tw__workers *x, tw__staleness *s)
{
    tw__free(x->ctx, s->given, x->n, sizeof *s->given);
}

int tw__staleness_ignores(const tw__staleness *s, uint64_t staleness)
{
    return s->oldest > 0 && staleness >= s->oldest;
}

void tw__staleness_give(tw__staleness *s, size_t worker)
{
    if (s->given) s->given[worker] = s->sum;
}

/* rest: what the steps since the gradient's weights have left of 1. With workers that take turns that is
 * just what adaptive2 needs, up to rounding. */
static double factor(const tw__workers *x, const tw__staleness *s, uint64_t staleness, double rest)
{
    const double rounding = 1e-9, tau = (double)staleness, n = (double)(x->n - x->dedicated);
    switch (s->rate) {
    case TW__INVERSE: return 1 / (1 + tau);
    case TW__ROOT: return 1 / __builtin_sqrt(1 + tau);
    case TW__WORKERS: return tau > n ? n / tau : 1;
    case TW__ADAPTIVE1: return rest > 0 ? s->alpha * rest : 0;
    case TW__ADAPTIVE2: return 1 / (1 + tau) <= rest + rounding ? 1 / (1 + tau) : 0;
    case TW__FULL: break;
    }
    return 1;
}

tw_status tw__staleness_step(tw__workers *x, tw__staleness *s, tw__stepper *stepper, size_t worker,
                             const tw__sum *mean, const void *at, uint64_t staleness, tw_error *err)
{
    if (s->rate == TW__FULL) return tw__stepper_step(x, stepper, x->set.w, mean, at, err);
    const double now = tw_optimizer_factor(stepper->opt),
                 rest = s->given ? 1 - (s->sum - s->given[worker]) : 0, scale = factor(x, s, staleness, rest);
    s->sum += scale;
    TW_TRY(tw_optimizer_set_factor(stepper->opt, now * scale, err));
    TW_TRY(tw__stepper_step(x, stepper, x->set.w, mean, at, err));
    return tw_optimizer_set_factor(stepper->opt, now, err);
}

tw_status tw__staleness_visit(const tw__workers *x, tw__staleness *s, tw_visitor *v, tw_error *err)
{
    const int64_t workers = (int64_t)x->n;
    if (!s->given) return TW_OK;
    TW_TRY(v->field(v, "rates", TW_F64, 0, NULL, &s->sum, err));
    if (tw__workers_regroup(x)) return TW_OK;
    return v->field(v, "rates_given", TW_F64, 1, &workers, s->given, err);
}
