/* Parameter groups: which tensors have other hyperparameters, by a pattern on their names.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "base/options.h"
#include "optimizer/optimizer.h"

/* * any characters, ? one. */
static int fits(const char *pattern, size_t n, const char *name)
{
    size_t p = 0, star = SIZE_MAX, from = 0, i = 0;
    while (name[i]) {
        if (p < n && pattern[p] == '*') star = p++, from = i;
        else if (p < n && (pattern[p] == '?' || pattern[p] == name[i])) p++, i++;
        else if (star != SIZE_MAX) p = star + 1, i = ++from;
        else return 0;
    }
    while (p < n && pattern[p] == '*') p++;
    return p == n;
}

enum { LR_MULT, WD_MULT, FREEZE, OWN_KEYS };
struct wish {
    tw__text pattern, items;
    double own[OWN_KEYS];
    unsigned char given[OWN_KEYS];
};

/* The keys of a group that are no options of the rule. */
static tw_status own_key(struct wish *wish, const tw__item *item, int *known, tw_error *err)
{
    static const char *const names[OWN_KEYS] = {"lr_mult", "wd_mult", "freeze"};
    double x = 0;
    int key = 0;
    while (key < OWN_KEYS && !tw__text_is(item->key, names[key])) key++;
    *known = key < OWN_KEYS;
    if (!*known) return TW_OK;
    if (wish->given[key]) return tw__fail(err, TW_ERR_SPEC, "%s is given twice", names[key]);
    wish->given[key] = 1;
    if (tw__number_read(item->value, &x) != 1 || x < 0 || (key == FREEZE && x != 0 && x != 1))
        return tw__fail(err, TW_ERR_SPEC, "%s = %.*s is not %s", names[key], TW__SHOW(item->value),
                        key == FREEZE ? "0 or 1" : "a number from 0 on");
    wish->own[key] = x + 0.0; /* -0 is 0 */
    return TW_OK;
}

static tw_status multiply(const tw_optimizer *opt, tw__group *g, const char *name, double by, tw_error *err)
{
    const tw_choice *c = &opt->chain.link[opt->chain.rule];
    int i = tw_rule_option(c->rule, name);
    if (by == 1) return TW_OK;
    if (i < 0) return tw__fail(err, TW_ERR_SPEC, "rule \"%s\" has no %s to multiply", c->rule->name, name);
    if (g->values[i] == 0)
        return tw__fail(err, TW_ERR_SPEC, "a factor on %s has no effect: %s is 0", name, name);
    const double given = g->values[i];
    const tw_option *o = &c->rule->options[i];
    char bounds[TW_VALUE_MAX];
    g->values[i] *= by;
    if (tw__option_allows(o, g->values[i])) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%s = %g times %g is outside %s", name, given, by,
                    tw_option_bounds(o, bounds));
}

/* What is estimated from sums over all weights would be another number in each group, and one would run away
 * from the others. The authors of prodigy and d-adaptation refuse it as well. */
static tw_status check_common(const tw_choice *c, const tw__group *g, tw_error *err)
{
    const tw_rule *r = c->rule;
    const int lr = tw_rule_option(r, "lr"), decay = tw_rule_option(r, "weight_decay");
    for (int i = 0; i < r->n_options && r->n_sums && r->scope == TW_OVER_ALL; i++)
        if (i != decay && g->values[i] != c->values[i] && !(i == lr && g->values[i] == 0))
            return tw__fail(
                err, TW_ERR_SPEC,
                "%s finds one rate for all weights: in a group only weight_decay may differ, and lr be 0, not %s",
                r->name, r->options[i].name);
    return TW_OK;
}

static tw_status read_group(tw_optimizer *opt, struct wish *wish, tw__text text, tw_error *err)
{
    const tw_choice *c = &opt->chain.link[opt->chain.rule];
    const tw_rule *r = c->rule;
    const tw__table t = {r->name, r->options, r->n_options, r->aliases, NULL, NULL};
    unsigned char given[TW_OPTIONS_MAX] = {0};
    tw__spec spec = {.n = 0};
    tw__group *g = &opt->groups[opt->n_groups];
    *wish = (struct wish){.items = text, .own = {[LR_MULT] = 1, [WD_MULT] = 1}};
    wish->pattern = tw__text_cut(&wish->items, ':');
    if (!wish->items.at || !wish->pattern.n || !wish->items.n)
        return tw__fail(err, TW_ERR_SPEC,
                        "group \"%.*s\" is not PATTERN:key=value, as in \"*.bias:weight_decay=0\"",
                        TW__SHOW(text));
    TW_TRY(tw__spec_items(&spec, wish->items, text, err));
    memcpy(g->values, c->values, sizeof g->values);
    for (int i = 0; i < spec.n; i++) {
        int known;
        TW_TRY(own_key(wish, &spec.items[i], &known, err));
        if (!known) TW_TRY(tw__option_read(&t, &spec.items[i], g->values, given, err));
    }
    if (wish->own[FREEZE] != 0 && spec.n > 1)
        return tw__fail(err, TW_ERR_SPEC, "group \"%.*s\": freeze = 1 leaves its other keys without effect",
                        TW__SHOW(text));
    TW_TRY(multiply(opt, g, "lr", wish->own[LR_MULT], err));
    TW_TRY(multiply(opt, g, "weight_decay", wish->own[WD_MULT], err));
    TW_TRY(check_common(c, g, err));
    for (int i = 0; i < r->n_options; i++) {
        char value[TW_VALUE_MAX];
        const char *reason = given[i] && r->ineffective ? r->ineffective(g->values, i) : NULL;
        if (reason)
            return tw__fail(err, TW_ERR_SPEC, "group \"%.*s\": %s = %s has no effect: %s", TW__SHOW(text),
                            r->options[i].name, tw_option_text(&r->options[i], g->values[i], value), reason);
    }
    return TW_OK;
}

/* The tensors that no earlier group has and whose names fit. */
static tw_status assign(tw_optimizer *opt, const struct wish *wish, tw_error *err)
{
    size_t fitting = 0, taken = 0;
    for (size_t i = 0; i < opt->n_tensors; i++) {
        if (!fits(wish->pattern.at, wish->pattern.n, opt->tensors[i].name)) continue;
        fitting++;
        if (opt->group_of[i]) continue;
        taken++;
        opt->group_of[i] = opt->n_groups;
        if (wish->own[FREEZE] != 0) opt->tensors[i].flags |= TW_TENSOR_FROZEN;
    }
    if (fitting && !taken)
        return tw__fail(err, TW_ERR_SPEC,
                        "group \"%.*s\" has no effect: the tensors it fits belong to groups before it",
                        TW__SHOW(wish->pattern));
    return taken ? TW_OK
                 : tw__fail(err, TW_ERR_SPEC, "group \"%.*s\" fits no tensor (the first is \"%s\")",
                            TW__SHOW(wish->pattern), opt->n_tensors ? opt->tensors[0].name : "");
}

static tw_status more_groups(tw_optimizer *opt, tw_error *err)
{
    return opt->n_groups < TW__GROUPS_MAX
               ? TW_OK
               : tw__fail(err, TW_ERR_SPEC, "there are more than %d groups", (int)TW__GROUPS_MAX - 1);
}

/* wd_mask=matrices: what has fewer than two dimensions moves to a twin of its group that does not decay. */
static tw_status mask_decay(tw_optimizer *opt, tw_error *err)
{
    const tw_rule *r = opt->chain.link[opt->chain.rule].rule;
    const int mask = tw_rule_option(r, "wd_mask"), decay = tw_rule_option(r, "weight_decay"),
              before = opt->n_groups;
    if (mask < 0 || decay < 0) return TW_OK;
    for (int g = 0; g < before; g++) {
        if (opt->groups[g].values[mask] == 0 || opt->groups[g].values[decay] == 0) continue;
        TW_TRY(more_groups(opt, err));
        tw__group *twin = &opt->groups[opt->n_groups];
        *twin = opt->groups[g];
        twin->values[decay] = 0;
        for (size_t i = 0; i < opt->n_tensors; i++)
            if (opt->group_of[i] == g && opt->tensors[i].rank < 2) opt->group_of[i] = opt->n_groups;
        opt->n_groups++;
    }
    return TW_OK;
}

tw_status tw__groups_read(tw_optimizer *opt, const char *text, tw_error *err)
{
    const tw_choice *c = &opt->chain.link[opt->chain.rule];
    memcpy(opt->groups[0].values, c->values, sizeof c->values);
    opt->n_groups = 1;
    if (text) TW_TRY(tw__copy_text(opt->ctx, &opt->groups_text, text, err));
    tw__text rest = tw__text_of(text ? text : "");
    while (rest.at) {
        struct wish wish;
        tw__text one = tw__text_cut(&rest, ' ');
        if (!one.n) continue;
        TW_TRY(more_groups(opt, err));
        TW_TRY(read_group(opt, &wish, one, err));
        TW_TRY(assign(opt, &wish, err));
        opt->n_groups++;
    }
    int live = opt->n_groups == 1;
    for (size_t i = 0; i < opt->n_tensors; i++) live |= tw__is_stepped(&opt->tensors[i]);
    if (!live) return tw__fail(err, TW_ERR_SPEC, "the groups freeze every tensor: there is nothing to step");
    TW_TRY(mask_decay(opt, err));
    for (int i = 0; i < opt->n_groups; i++) {
        tw__group *g = &opt->groups[i];
        g->variant = c->rule->variant(g->values);
        g->kernels = &c->rule->update[opt->type == TW_F64][g->variant];
    }
    return TW_OK;
}
