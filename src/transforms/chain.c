/* Transforms by name, and chains: a rule with the transforms around it, joined by "+".
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "base/options.h"
#include "rules/registry.h"

#define TW__TRANSFORM(name) extern const tw_rule tw_rule_##name;
#include "transforms/list.h"
#undef TW__TRANSFORM
#define TW__TRANSFORM(name) &tw_rule_##name,
static const tw_rule *const transforms[] = {
#include "transforms/list.h"
};
#undef TW__TRANSFORM
enum { N_TRANSFORMS = sizeof transforms / sizeof transforms[0] };

const tw_rule *tw_transform_at(size_t i) { return i < N_TRANSFORMS ? transforms[i] : NULL; }

/* Transforms, and after them the rules. */
static const char *link_name(size_t i, const void *user)
{
    return i < N_TRANSFORMS ? transforms[i]->name : tw__rule_name(i - N_TRANSFORMS, user);
}

static const tw_rule *find(tw__text name)
{
    const int i = tw__name_find(name, link_name, NULL);
    return i >= 0 && i < N_TRANSFORMS ? transforms[i] : NULL;
}

const tw_rule *tw_transform_find(const char *name) { return find(tw__text_of(name)); }

static tw_status unknown(tw__text name, tw_error *err)
{
    TW_TRY(tw__rule_omitted(name, err));
    return tw__name_unknown("unknown rule or transform", name, link_name, NULL, err);
}

static tw_status read_link(tw_choice *out, tw__text text, const tw_rule *custom, tw_error *err)
{
    tw__spec spec;
    TW_TRY(tw__spec_parse(&spec, text, err));
    const tw_rule *rule = custom && tw__text_is(spec.name, custom->name) ? custom : find(spec.name);
    if (!rule && !custom) rule = tw__rule_find(spec.name);
    return rule ? tw__choice_read(out, rule, &spec, err) : unknown(spec.name, err);
}

/* State and schedules of a transform go by its name. */
static tw_status check_names(const tw_chain *c, tw_error *err)
{
    for (int i = 0; i < c->n; i++)
        for (int k = 0; k < i; k++)
            if (c->link[i].rule == c->link[k].rule)
                return tw__fail(
                    err, TW_ERR_SPEC,
                    "%s appears twice; its schedules and what it keeps go by its name, so there can be one",
                    c->link[i].rule->name);
    return TW_OK;
}

/* Where a link of this place may stand, seen from the rule: only a gradient's transform comes before it. */
static tw_status check_order(const tw_chain *c, tw_error *err)
{
    int views = 0;
    for (int i = 0; i < c->n; i++) {
        const tw_rule *r = c->link[i].rule;
        if (r->place == TW_ON_GRADIENT && i > c->rule)
            return tw__fail(err, TW_ERR_SPEC,
                            "%s changes the gradient: it comes before the rule, as in \"%s+%s\"", r->name,
                            r->name, c->link[c->rule].rule->name);
        if (r->place > TW_ON_GRADIENT && i < c->rule)
            return tw__fail(err, TW_ERR_SPEC,
                            "%s works on what the rule has done: it comes after the rule, as in \"%s+%s\"",
                            r->name, c->link[c->rule].rule->name, r->name);
        if (r->place == TW_ON_STEP && i > 0 && c->link[i - 1].rule->place == TW_ON_WEIGHTS)
            return tw__fail(err, TW_ERR_SPEC,
                            "%s limits the rule's step and stands right behind the rule, before %s", r->name,
                            c->link[i - 1].rule->name);
        views += r->place == TW_ON_WEIGHTS && r->prepare_view[0];
        if (views > 1)
            return tw__fail(err, TW_ERR_SPEC,
                            "%s is the second transform that changes the reported weights; there can be one",
                            r->name);
    }
    return TW_OK;
}

static tw_status add_link(tw_chain *c, tw__text part, tw__text whole, const tw_rule *custom, tw_error *err)
{
    if (c->n == TW_LINKS_MAX)
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" joins more than %d rules and transforms", TW__SHOW(whole),
                        (int)TW_LINKS_MAX);
    if (part.n == 0)
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" joins nothing before a \"+\"", TW__SHOW(whole));
    TW_TRY(read_link(&c->link[c->n], part, custom, err));
    if (c->link[c->n].rule->place == TW_RULE) {
        if (c->rule >= 0)
            return tw__fail(
                err, TW_ERR_SPEC,
                "\"%.*s\" names two rules, %s and %s; there can be one, with transforms around it",
                TW__SHOW(whole), c->link[c->rule].rule->name, c->link[c->n].rule->name);
        c->rule = c->n;
    }
    c->n++;
    return TW_OK;
}

static tw_status write(tw_chain *c, tw__text whole, tw_error *err)
{
    size_t used = 0;
    for (int i = 0; i < c->n; i++) {
        int n = snprintf(c->spec + used, sizeof c->spec - used, "%s%s", i ? "+" : "", c->link[i].spec);
        used += (size_t)n;
        if (used >= sizeof c->spec)
            return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" is too long", TW__SHOW(whole));
    }
    return TW_OK;
}

static int names_transform(tw__text text)
{
    tw__spec spec;
    return tw__spec_parse(&spec, text, NULL) == TW_OK && find(spec.name) != NULL;
}

static tw_status read_chain(tw_chain *out, const char *text, const tw_rule *custom, tw_error *err)
{
    out->rule = -1;
    if (!text) return tw_rule_read(&out->link[0], text, custom, err);
    tw__text whole = tw__text_of(text), rest = whole;
    if (custom) TW_TRY(tw__custom_check(custom, err));
    if (tw__spec_joint(whole) == whole.n && !names_transform(whole)) {
        out->n = 1;
        out->rule = 0;
        TW_TRY(tw_rule_read(&out->link[0], text, custom, err));
        return write(out, whole, err);
    }
    while (rest.at) {
        size_t n = tw__spec_joint(rest);
        tw__text part = {rest.at, n};
        rest = n < rest.n ? (tw__text){rest.at + n + 1, rest.n - n - 1} : (tw__text){NULL, 0};
        TW_TRY(add_link(out, part, whole, custom, err));
    }
    if (out->rule < 0)
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" names no rule; a transform needs one, as in \"%s\"",
                        TW__SHOW(whole),
                        out->link[0].rule->place == TW_ON_GRADIENT ? "clip_norm:max=1+adam" : "adam+ema");
    TW_TRY(check_order(out, err));
    TW_TRY(check_names(out, err));
    return write(out, whole, err);
}

tw_status tw_chain_read(tw_chain *out, const char *text, const tw_rule *custom, tw_error *err)
{
    TW_NEEDS(err, out);
    memset(out, 0, sizeof *out);
    const tw_status s = read_chain(out, text, custom, err);
    if (s != TW_OK) memset(out, 0, sizeof *out);
    return s;
}
