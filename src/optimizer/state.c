/* What an optimiser shows: the view, its values, its state for saving and loading.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "base/cpu.h"
#include "base/options.h"
#include "optimizer/optimizer.h"

int tw_optimizer_has_view(const tw_optimizer *opt) { return opt->rule->prepare_view[0] != NULL; }

static tw_status view(const tw_optimizer *opt, tw_type type, const void *w, void *reported, tw_error *err)
{
    if (type != opt->type)
        return tw__fail(err, TW_ERR_STATE, "this optimiser was made for %s and is called with %s", tw_type_name(opt->type), tw_type_name(type));
    size_t precision = opt->type == TW_F64;
    if (w != reported) memcpy(reported, w, opt->n * opt->real);
    if (!tw_optimizer_has_view(opt)) return TW_OK;
    if (w == reported) return tw__fail(err, TW_ERR_STATE, "the weights to report need a vector of their own: rule \"%s\" has a view", opt->rule->name);
    if (opt->steps == 0) return TW_OK; /* slots that begin as the weights get them with the first step */
    double h[TW_OPTIONS_MAX], next[TW_OPTIONS_MAX], scalars[TW_SCALARS_MAX];
    void *coef;
    TW_TRY(tw__alloc(opt->ctx, &coef, opt->coef_size, 1, err));
    tw__fp_mode mode = tw__fp_enter();
    tw__optimizer_values(opt, opt->steps - 1, h);
    tw__optimizer_values(opt, opt->steps, next);
    memcpy(scalars, opt->scalars, sizeof scalars);
    const tw_moment now = {opt->steps, h, next, scalars, opt->seed, NULL};
    opt->rule->prepare_view[precision](&now, coef);
    for (size_t i = 0; i < opt->n_live; i++) {
        void *slots[TW_SLOTS_MAX];
        const size_t lo = opt->live[i].lo;
        tw__slots_at(opt, lo, slots);
        const tw_span span = {.n = opt->live[i].hi - lo, .first = lo, .out = (char *)reported + lo * opt->real, .w = (const char *)w + lo * opt->real,
                              .slots = slots};
        opt->rule->view[precision][opt->choice.variant](&span, coef);
    }
    tw__fp_leave(mode);
    tw__free(opt->ctx, coef, opt->coef_size, 1);
    return TW_OK;
}

tw_status tw_view_f32(const tw_optimizer *opt, const float *w, float *reported, tw_error *err) { return view(opt, TW_F32, w, reported, err); }
tw_status tw_view_f64(const tw_optimizer *opt, const double *w, double *reported, tw_error *err) { return view(opt, TW_F64, w, reported, err); }

uint64_t tw_optimizer_steps(const tw_optimizer *opt) { return opt->steps; }
const char *tw_optimizer_spec(const tw_optimizer *opt) { return opt->choice.spec; }
const char *tw_optimizer_schedule(const tw_optimizer *opt) { return opt->plan.text; }

tw_status tw_optimizer_value(const tw_optimizer *opt, const char *name, double *value, tw_error *err)
{
    int i = tw_rule_option(opt->rule, name);
    if (i < 0) return tw__fail(err, TW_ERR_SPEC, "rule \"%s\" has no hyperparameter \"%.60s\"", opt->rule->name, name);
    tw__fp_mode mode = tw__fp_enter();
    *value = tw__plan_value(&opt->plan, i, opt->choice.values[i], opt->steps);
    tw__fp_leave(mode);
    return TW_OK;
}

int tw_optimizer_full_batch(const tw_optimizer *opt) { return (opt->rule->traits(opt->choice.values) & TW_FULL_BATCH) != 0; }

size_t tw_optimizer_state_bytes(const tw_optimizer *opt)
{
    return (size_t)__builtin_popcount(opt->choice.slots) * opt->n * opt->real;
}

/* What must be the same where the state comes from and where it goes to. */
static void describe(const tw_optimizer *opt, char *to, size_t n)
{
    int used = snprintf(to, n, "%s %s", opt->choice.spec, opt->plan.text);
    if (opt->plan.uses_total && used > 0 && (size_t)used < n)
        snprintf(to + used, n - (size_t)used, " over %llu steps", (unsigned long long)opt->total_steps);
}

static tw_status visit_spec(tw_optimizer *opt, tw_visitor *v, tw_error *err)
{
    char own[2 * TW_SPEC_MAX + 64];
    describe(opt, own, sizeof own);
    size_t n = strlen(own);
    char *text;
    TW_TRY(tw__alloc(opt->ctx, &text, n, 1, err));
    memcpy(text, own, n);
    void *data = text;
    tw_status s = v->list(v, "optimizer.spec", TW_U8, &n, &data, opt->ctx, err);
    if (s == TW_OK && (n != strlen(own) || memcmp(data, own, n) != 0))
        s = tw__fail(err, TW_ERR_STATE, "the stored optimiser is \"%.*s\", this one is \"%.200s\"", (int)(n < 200 ? n : 200), (char *)data, own);
    tw__free(opt->ctx, data, n, 1);
    return s;
}

static tw_status visit_slot(tw_optimizer *opt, int slot, tw_visitor *v, tw_error *err)
{
    for (size_t i = 0; i < opt->n_tensors; i++) {
        char name[TW__NAME_MAX + 80];
        const tw_tensor *t = &opt->tensors[i];
        snprintf(name, sizeof name, "slot.%.60s/%s", opt->rule->slots[slot].name, t->name);
        TW_TRY(v->field(v, name, opt->type, t->rank, t->shape, (char *)opt->slots[slot] + t->offset * opt->real, err));
    }
    return TW_OK;
}

static tw_status visit_all(tw_optimizer *opt, tw_visitor *v, tw_error *err)
{
    int64_t steps = (int64_t)opt->steps, n_scalars = opt->rule->n_scalars;
    TW_TRY(visit_spec(opt, v, err));
    TW_TRY(v->field(v, "optimizer.steps", TW_I64, 0, NULL, &steps, err));
    if (steps < 0 || steps > TW__STEPS_MAX) return tw__fail(err, TW_ERR_STATE, "optimizer.steps = %lld is outside [0, 2^53]", (long long)steps);
    opt->steps = (uint64_t)steps;
    if (n_scalars) TW_TRY(v->field(v, "optimizer.scalars", TW_F64, 1, &n_scalars, opt->scalars, err));
    for (int i = 0; i < opt->rule->n_slots; i++)
        if (opt->slots[i]) TW_TRY(visit_slot(opt, i, v, err));
    return TW_OK;
}

tw_status tw_optimizer_visit(tw_optimizer *opt, tw_visitor *v, tw_error *err)
{
    if (opt->phase == TW__BEGUN) return tw__fail(err, TW_ERR_STATE, "an optimiser in the middle of a step has no state to show");
    if (opt->phase == TW__REFUSED && !v->loading)
        return tw__fail(err, TW_ERR_STATE, "an optimiser stopped by a bad gradient has no state worth saving");
    tw_status s = visit_all(opt, v, err);
    if (v->loading) opt->phase = s == TW_OK ? TW__IDLE : TW__REFUSED;
    return s;
}
