/* Optimisers for ranges of the weights, of the run's rule or another one, and their steps.
 * SPDX-License-Identifier: MIT */
#include "exchange/protocol.h"
#include "optimizer/shared.h"
#include <string.h>

tw_status tw__stepper_create(tw__workers *x, size_t lo, size_t hi, int is_own, tw__stepper *out,
                             tw_error *err)
{
    *out = (tw__stepper){.opt = x->set.optimizer,
                         .lo = lo,
                         .hi = hi,
                         .is_own = is_own,
                         .takes_lists = x->set.steps_lists};
    if (!is_own) return TW_OK;
    out->opt = NULL;
    const tw__optimizer_setting setting = {.lo = lo, .hi = hi};
    return x->set.make_optimizer(x->set.user, &setting, &out->opt, err);
}

/* A gradient of 0 must do nothing: there is nothing that fell behind to make up for. */
static int takes_lists(const char *rule)
{
    tw_chain chain;
    return tw_chain_read(&chain, rule, NULL, NULL) == TW_OK && chain.n == 1 &&
           (chain.link[0].rule->traits(chain.link[0].values) & TW_ZERO_IS_NOTHING);
}

tw_status tw__stepper_of_rule(tw__workers *x, const char *rule, const char *role, size_t lo, size_t hi,
                              tw__stepper *out, tw_error *err)
{
    const tw__optimizer_setting s = {.lo = lo, .hi = hi, .rule = rule};
    const char *const whose = x->protocol->about.name;
    tw_error why;
    *out = (tw__stepper){.lo = lo, .hi = hi, .is_own = 1, .takes_lists = takes_lists(rule)};
    const tw_status status = x->set.make_optimizer(x->set.user, &s, &out->opt, &why);
    if (status != TW_OK) return tw__fail(err, status, "%s rule of %s: %s", role, whose, why.message);
    if (!tw_optimizer_has_view(out->opt)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "%s rule of %s: %s reports other weights than it steps, and workers need one", role,
                    whose, rule);
}

void tw__stepper_free(tw__workers *x, tw__stepper *s)
{
    if (s->is_own) tw_optimizer_free(s->opt);
    tw__free(x->ctx, s->spread, s->hi - s->lo, x->k->real);
    tw__free(x->ctx, s->index, s->capacity, sizeof *s->index);
    *s = (tw__stepper){0};
}

tw_status tw__stepper_share(tw__workers *x, tw__stepper *s, int adds, tw_error *err)
{
    tw_error why;
    s->is_shared = 1;
    const tw_status status = tw__share_state(s->opt, x->set.optimizer, adds, &why);
    return status == TW_OK ? status : tw__fail(err, status, "exchange %s: %s", x->choice.spec, why.message);
}

tw_status tw__stepper_visit_weights(tw__workers *x, const tw__stepper *s, tw_visitor *v, tw_error *err)
{
    const int64_t n = (int64_t)(s->hi - s->lo);
    return v->field(v, "range", x->set.type, 1, &n, (char *)x->set.w + s->lo * x->k->real, err);
}

tw_status tw__stepper_visit(tw__stepper *s, tw_visitor *v, size_t number, tw_error *err)
{
    tw__numbered numbered;
    return s->is_own
               ? tw_optimizer_visit(s->opt, tw__numbered_visitor(&numbered, v, "optimizer", number), err)
               : TW_OK;
}

static tw_status step_list(tw__workers *x, tw__stepper *s, void *w, const tw_sparse_sum *list, tw_error *err)
{
    const size_t from = tw__list_place(list, s->lo), n = tw__list_place(list, s->hi) - from;
    const void *values = (const char *)list->value + from * x->k->real;
    const uint32_t *index = list->index + from;
    if (s->is_shared) return tw__step_shared(s->opt, s->number, w, n, index, values, err);
    if (s->lo > 0) {
        TW_TRY(tw__grow(x->ctx, &s->index, &s->capacity, n, sizeof *s->index, err));
        for (size_t i = 0; i < n; i++) s->index[i] = index[i] - (uint32_t)s->lo;
        index = s->index;
    }
    return x->set.type == TW_F32 ? tw_step_sparse_f32(s->opt, w, n, index, values, err)
                                 : tw_step_sparse_f64(s->opt, w, n, index, values, err);
}

/* As tw_step_*, of a gradient that was taken elsewhere. */
static tw_status step_at(tw_optimizer *opt, tw_type type, size_t n, void *w, const void *g, const void *at,
                         tw_error *err)
{
    TW_TRY(tw_step_begin(opt, err));
    TW_TRY(tw_step_at(opt, at, err));
    for (int i = 0; i < tw_optimizer_passes(opt); i++) {
        TW_TRY(type == TW_F32 ? tw_step_measure_f32(opt, 0, n, w, g, err)
                              : tw_step_measure_f64(opt, 0, n, w, g, err));
        TW_TRY(type == TW_F32 ? tw_step_settle_f32(opt, w, err) : tw_step_settle_f64(opt, w, err));
    }
    TW_TRY(type == TW_F32 ? tw_step_range_f32(opt, 0, n, w, g, err)
                          : tw_step_range_f64(opt, 0, n, w, g, err));
    return tw_step_end(opt, err);
}

static tw_status step_vector(tw__workers *x, tw__stepper *s, void *w, const void *g, const void *at,
                             tw_error *err)
{
    if (s->is_shared) return tw__step_shared(s->opt, s->number, w, s->hi - s->lo, NULL, g, err);
    if (at) return step_at(s->opt, x->set.type, s->hi - s->lo, w, g, at, err);
    return x->set.type == TW_F32 ? tw_step_f32(s->opt, w, g, err) : tw_step_f64(s->opt, w, g, err);
}

tw_status tw__stepper_step(tw__workers *x, tw__stepper *s, void *w, const tw__sum *mean, const void *at,
                           tw_error *err)
{
    const size_t first = s->lo * x->k->real, n = s->hi - s->lo;
    void *const range = (char *)w + first;
    if (at) at = (const char *)at + first;
    if (!mean->is_list) return step_vector(x, s, range, (const char *)mean->dense + first, at, err);
    if (s->takes_lists && !at) return step_list(x, s, range, mean->list, err);
    if (!s->spread) TW_TRY(tw__alloc(x->ctx, &s->spread, n, x->k->real, err));
    memset(s->spread, 0, n * x->k->real);
    tw__list_spread(mean->list, x->set.type, s->lo, s->hi, s->spread);
    return step_vector(x, s, range, s->spread, at, err);
}
