/* What an optimiser shows: the view, its values, its state for saving and loading.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "base/cpu.h"
#include "base/options.h"
#include "optimizer/optimizer.h"

/* The link whose view is reported last: a transform of the weights, or the rule; NULL: the stored weights
 * are. */
static const tw__link *last_view(const tw_optimizer *opt)
{
    for (int i = opt->chain.n; i-- > 0;)
        if (opt->links[i].view_coef) return &opt->links[i];
    return NULL;
}

int tw_optimizer_has_view(const tw_optimizer *opt) { return last_view(opt) != NULL; }

/* What the link reports of the weights in `reported`, in place. */
static tw_status view_link(const tw_optimizer *opt, const tw__link *l, void *reported, tw_error *err)
{
    char *coef;
    double *scalars;
    const size_t n_scalars = l->n_units * (size_t)l->r->n_scalars;
    TW_TRY(tw__alloc(opt->ctx, &coef, l->n_units, l->coef_size, err));
    tw_status s = tw__alloc(opt->ctx, &scalars, n_scalars, sizeof *scalars, err);
    if (s == TW_OK) {
        tw__fp_mode mode = tw__fp_enter();
        memcpy(scalars, l->scalars, n_scalars * sizeof *scalars);
        tw__prepare_view(opt, l, opt->steps, scalars, coef);
        for (size_t i = 0; i < opt->n_parts; i++) {
            const tw__part *p = &opt->parts[i];
            void *slots[TW_SLOTS_MAX], *at = (char *)reported + p->lo * opt->real;
            tw__slots_at(opt, l, p->lo, slots);
            const tw_span span = {.n = p->hi - p->lo, .first = p->lo, .out = at, .w = at, .slots = slots};
            l->r->view[opt->type == TW_F64][tw__variant(opt, l, p->group)](&span,
                                                                           coef + tw__unit(opt, l, p->tensor,
                                                                                           p->group) *
                                                                                      l->coef_size);
        }
        tw__fp_leave(mode);
        tw__free(opt->ctx, scalars, n_scalars, sizeof *scalars);
    }
    tw__free(opt->ctx, coef, l->n_units, l->coef_size);
    return s;
}

static tw_status view(const tw_optimizer *opt, tw_type type, const void *w, void *reported, tw_error *err)
{
    TW_TRY(tw__check_vectors(opt, type, w, reported, err));
    const tw__link *rule = &opt->links[opt->chain.rule], *last = last_view(opt);
    if (tw__is_behind(opt))
        return tw__fail(err, TW_ERR_STATE,
                        "after sparse steps tw_sparse_flush comes before the weights are reported");
    if (w != reported) memcpy(reported, w, opt->n * opt->real);
    if (!last) return TW_OK;
    if (w == reported)
        return tw__fail(err, TW_ERR_STATE,
                        "the weights to report need a vector of their own: rule \"%s\" has a view",
                        last->r->name);
    if (opt->steps == 0) return TW_OK; /* slots that begin as the weights get them with the first step */
    if (rule->view_coef) TW_TRY(view_link(opt, rule, reported, err));
    return last == rule ? TW_OK : view_link(opt, last, reported, err);
}

tw_status tw_view_f32(const tw_optimizer *opt, const float *w, float *reported, tw_error *err)
{
    return view(opt, TW_F32, w, reported, err);
}
tw_status tw_view_f64(const tw_optimizer *opt, const double *w, double *reported, tw_error *err)
{
    return view(opt, TW_F64, w, reported, err);
}

uint64_t tw_optimizer_steps(const tw_optimizer *opt) { return opt->steps; }
uint64_t tw_optimizer_skipped(const tw_optimizer *opt) { return opt->skipped; }
double tw_optimizer_factor(const tw_optimizer *opt) { return opt->factor; }

static tw_status check_factor(const tw_optimizer *opt, double factor, tw_error *err)
{
    const tw_rule *r = opt->chain.link[opt->chain.rule].rule;
    const int lr = tw_rule_option(r, "lr");
    char bounds[TW_VALUE_MAX];
    if (!(factor >= 0) || factor - factor != 0)
        return tw__fail(err, TW_ERR_SPEC, "a factor of %g on lr is not a number from 0 on", factor);
    if (factor == 1) return TW_OK;
    if (lr < 0)
        return tw__fail(err, TW_ERR_SPEC, "rule \"%s\" has no lr for a factor of %g", r->name, factor);
    for (int i = 0; i < opt->n_groups; i++)
        if (!tw__option_allows(&r->options[lr], factor * opt->groups[i].values[lr]))
            return tw__fail(err, TW_ERR_SPEC, "lr = %g times a factor of %g is outside %s",
                            opt->groups[i].values[lr], factor, tw_option_bounds(&r->options[lr], bounds));
    return TW_OK;
}

tw_status tw_optimizer_set_factor(tw_optimizer *opt, double factor, tw_error *err)
{
    TW_NEEDS(err, opt);
    if (opt->phase == TW__BEGUN) return tw__fail(err, TW_ERR_STATE, "a factor on lr is set between steps");
    TW_TRY(check_factor(opt, factor, err));
    if (tw__is_behind(opt) && opt->sparse == TW_SPARSE_EXACT && factor != opt->factor)
        return tw__fail(err, TW_ERR_STATE,
                        "after sparse steps tw_sparse_flush comes before another factor on lr");
    opt->factor = factor;
    return TW_OK;
}

const char *tw_optimizer_spec(const tw_optimizer *opt) { return opt->chain.spec; }
const char *tw_optimizer_schedule(const tw_optimizer *opt) { return opt->plan.text; }

tw_status tw_optimizer_value(const tw_optimizer *opt, const char *name, double *value, tw_error *err)
{
    TW_NEEDS(err, opt && name && value);
    const tw_rule *r = opt->chain.link[opt->chain.rule].rule;
    int i = tw_rule_option(r, name);
    double h[TW_OPTIONS_MAX];
    if (i < 0)
        return tw__fail(err, TW_ERR_SPEC, "rule \"%s\" has no hyperparameter \"%.60s\"", r->name, name);
    tw__fp_mode mode = tw__fp_enter();
    tw__group_values(opt, &opt->groups[0], opt->steps, h);
    tw__fp_leave(mode);
    *value = h[i];
    return TW_OK;
}

int tw_optimizer_full_batch(const tw_optimizer *opt)
{
    const tw_choice *c = &opt->chain.link[opt->chain.rule];
    return (c->rule->traits(c->values) & TW_FULL_BATCH) != 0;
}

size_t tw_optimizer_state_bytes(const tw_optimizer *opt)
{
    size_t n = 0;
    for (int i = 0; i < opt->chain.n; i++)
        for (int k = 0; k < opt->links[i].r->n_slots; k++) n += opt->links[i].slot_n[k];
    return n * opt->real;
}

static int draws_noise(const tw_optimizer *opt)
{
    for (int i = 0; i < opt->chain.n; i++)
        if (opt->links[i].r->traits(opt->links[i].choice->values) & TW_DRAWS_NOISE) return 1;
    return 0;
}

/* What must be the same where the state comes from and where it goes to. Returns its length, as snprintf
 * does. */
static int describe(const tw_optimizer *opt, char *to, size_t n)
{
    char total[40] = "", seed[40] = "";
    if (opt->plan.uses_total)
        snprintf(total, sizeof total, " over %llu steps", (unsigned long long)opt->total_steps);
    if (draws_noise(opt)) snprintf(seed, sizeof seed, " seed %llu", (unsigned long long)opt->seed);
    return snprintf(to, n, "%s %s%s%s%s%s", opt->chain.spec, opt->plan.text, total, seed,
                    opt->groups_text ? " groups " : "", opt->groups_text ? opt->groups_text : "");
}

static tw_status visit_text(tw_optimizer *opt, const char *own, tw_visitor *v, tw_error *err)
{
    size_t n = strlen(own);
    void *data;
    TW_TRY(tw__alloc(opt->ctx, &data, n, 1, err));
    memcpy(data, own, n);
    tw_status s = v->list(v, "optimizer.spec", TW_U8, &n, &data, opt->ctx, err);
    if (s == TW_OK && (n != strlen(own) || memcmp(data, own, n) != 0))
        s = tw__fail(err, TW_ERR_STATE, "the stored optimiser is \"%.*s\", this one is \"%.200s\"",
                     (int)(n < 200 ? n : 200), (char *)data, own);
    tw__free(opt->ctx, data, n, 1);
    return s;
}

static tw_status visit_spec(tw_optimizer *opt, tw_visitor *v, tw_error *err)
{
    const size_t n = (size_t)describe(opt, NULL, 0) + 1;
    char *own;
    TW_TRY(tw__alloc(opt->ctx, &own, n, 1, err));
    describe(opt, own, n);
    tw_status s = visit_text(opt, own, v, err);
    tw__free(opt->ctx, own, n, 1);
    return s;
}

/* "slot.m/0.weight" of the rule, "slot.ema.e/0.weight" of a transform. */
static void name_slot(const tw_optimizer *opt, const tw__link *l, int slot, size_t tensor, char *to, size_t n)
{
    const int is_rule = tw__is_rule(opt, l);
    snprintf(to, n, "slot.%.60s%s%.60s/%s", is_rule ? "" : l->r->name, is_rule ? "" : ".",
             l->r->slots[slot].name, opt->tensors[tensor].name);
}

static tw_status visit_slot(tw_optimizer *opt, tw__link *l, int slot, tw_visitor *v, tw_error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < opt->n_tensors; i++) {
        char name[TW__NAME_MAX + 160];
        const tw_tensor *t = &opt->tensors[i];
        const size_t n = tw__slot_length(opt, &l->r->slots[slot], i);
        const int64_t length = (int64_t)n;
        const int as_tensor = l->r->slots[slot].extent == TW_PER_WEIGHT;
        name_slot(opt, l, slot, i, name, sizeof name);
        if (as_tensor || n)
            TW_TRY(v->field(v, name, opt->type, as_tensor ? t->rank : 1, as_tensor ? t->shape : &length,
                            (char *)l->slots[slot] + at * opt->real, err));
        at += n;
    }
    return TW_OK;
}

/* Scalars of a tensor go by its name: "scalar.v/0.weight". */
static tw_status visit_scalars(tw_optimizer *opt, tw__link *l, tw_visitor *v, tw_error *err)
{
    const int is_rule = tw__is_rule(opt, l);
    const int64_t shape[] = {(int64_t)l->n_units * l->r->n_scalars};
    char name[TW__NAME_MAX + 160];
    if (!l->r->n_scalars) return TW_OK;
    if (l->r->scope != TW_PER_TENSOR) {
        snprintf(name, sizeof name, "optimizer.scalars%s%.60s", is_rule ? "" : ".",
                 is_rule ? "" : l->r->name);
        return v->field(v, name, TW_F64, 1, shape, l->scalars, err);
    }
    for (size_t i = 0; i < opt->n_tensors; i++)
        for (int k = 0; k < l->r->n_scalars; k++) {
            snprintf(name, sizeof name, "scalar.%.60s/%s", l->r->scalars[k].name, opt->tensors[i].name);
            TW_TRY(v->field(v, name, TW_F64, 0, NULL, &l->scalars[i * (size_t)l->r->n_scalars + (size_t)k],
                            err));
        }
    return TW_OK;
}

static tw_status visit_all(tw_optimizer *opt, tw_visitor *v, tw_error *err)
{
    int64_t steps[] = {(int64_t)opt->steps, (int64_t)opt->skipped}, two = 2;
    TW_TRY(v->field(v, "optimizer.steps", TW_I64, 1, &two, steps, err));
    for (int i = 0; i < 2; i++)
        if (steps[i] < 0 || steps[i] > TW__STEPS_MAX)
            return tw__fail(err, TW_ERR_STATE, "optimizer.steps = %lld is outside [0, 2^53]",
                            (long long)steps[i]);
    double factor = opt->factor;
    TW_TRY(v->field(v, "optimizer.factor", TW_F64, 0, NULL, &factor, err));
    if (check_factor(opt, factor, NULL) != TW_OK)
        return tw__fail(err, TW_ERR_STATE, "optimizer.factor = %g is no factor for lr", factor);
    opt->steps = (uint64_t)steps[0];
    opt->skipped = (uint64_t)steps[1];
    opt->factor = factor;
    for (int i = 0; i < opt->chain.n; i++) {
        tw__link *l = &opt->links[i];
        TW_TRY(visit_scalars(opt, l, v, err));
        for (int k = 0; k < l->r->n_slots; k++)
            if (l->slots[k]) TW_TRY(visit_slot(opt, l, k, v, err));
    }
    return TW_OK;
}

static tw_status check_state(const tw_optimizer *opt, tw_error *err)
{
    if (opt->phase == TW__BEGUN)
        return tw__fail(err, TW_ERR_STATE, "an optimiser in the middle of a step has no state to show");
    if (opt->phase == TW__REFUSED)
        return tw__fail(err, TW_ERR_STATE,
                        "an optimiser stopped by a bad gradient has no state worth saving");
    if (tw__is_behind(opt))
        return tw__fail(err, TW_ERR_STATE,
                        "after sparse steps tw_sparse_flush comes before the state is shown");
    return TW_OK;
}

tw_status tw_optimizer_visit(tw_optimizer *opt, tw_visitor *v, tw_error *err)
{
    TW_NEEDS(err, opt && v && v->field && v->list);
    if (v->loading == TW_SHOW) TW_TRY(check_state(opt, err));
    TW_TRY(visit_spec(opt, v, err));
    tw_status s = visit_all(opt, v, err);
    if (v->loading != TW_LOAD) return s;
    tw__sparse_free(opt);
    opt->behind = NULL;
    opt->phase = s == TW_OK ? TW__IDLE : TW__REFUSED;
    tw__fp_mode mode = tw__fp_enter();
    tw__set_values(opt, tw__before_last(opt));
    tw__fp_leave(mode);
    return s;
}
