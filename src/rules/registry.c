/* Rules by name, and a rule's spec understood.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <thalweg/registry.h>
#include "base/options.h"
#include "math/elementary.h"
#include "rules/list.h"

#define DECLARE(name) extern const tw_rule tw_rule_##name;
TW__RULES(DECLARE)
#define ADDRESS(name) &tw_rule_##name,
static const tw_rule *const rules[] = {TW__RULES(ADDRESS)};
enum { N_RULES = sizeof rules / sizeof rules[0] };

double tw_pow(double x, double y) { return tw__pow_f64(x, y); }

const tw_rule *tw_rule_at(size_t i) { return i < N_RULES ? rules[i] : NULL; }

static const tw_rule *find(tw__text name)
{
    for (size_t i = 0; i < N_RULES; i++)
        if (tw__text_is(name, rules[i]->name)) return rules[i];
    return NULL;
}

const tw_rule *tw_rule_find(const char *name) { return find(tw__text_of(name)); }

static tw__table table_of(const tw_rule *r) { return (tw__table){r->name, r->options, r->n_options, r->aliases}; }

int tw_rule_option(const tw_rule *rule, const char *name)
{
    tw__table t = table_of(rule);
    return tw__option_find(&t, tw__text_of(name));
}

static tw_status check_own(const tw_rule *own, tw_error *err)
{
    if (own->size != sizeof(tw_rule)) return tw__fail(err, TW_ERR_SPEC, "tw_rule.size = %zu is not %zu", own->size, sizeof(tw_rule));
    if (own->n_options > TW_OPTIONS_MAX || own->n_slots > TW_SLOTS_MAX || own->n_scalars > TW_SCALARS_MAX)
        return tw__fail(err, TW_ERR_SPEC, "rule \"%.60s\" has more than %d options, %d slots or %d scalars", own->name, (int)TW_OPTIONS_MAX,
                        (int)TW_SLOTS_MAX, (int)TW_SCALARS_MAX);
    return TW_OK;
}

static tw_status find_rule(const tw_rule **out, tw__text name, const tw_rule *own, tw_error *err)
{
    if (own) {
        TW_TRY(check_own(own, err));
        *out = own;
        return tw__text_is(name, own->name) ? TW_OK : tw__fail(err, TW_ERR_SPEC, "\"%.*s\" does not name the rule that was given, \"%.60s\"",
                                                               TW__SHOW(name), own->name);
    }
    *out = find(name);
    if (*out) return TW_OK;
    tw__guess guess = tw__guess_for(name);
    for (size_t i = 0; i < N_RULES; i++) tw__guess_offer(&guess, rules[i]->name);
    return tw__fail(err, TW_ERR_SPEC, "unknown rule \"%.*s\"%s", TW__SHOW(name), tw__guess_hint(&guess));
}

static tw_status find_dialect(tw_choice *c, tw__text name, tw_error *err)
{
    tw__guess guess = tw__guess_for(name);
    for (const tw_dialect *d = c->rule->dialects; d && d->name; d++) {
        if (tw__text_is(name, d->name)) {
            c->dialect = d;
            return TW_OK;
        }
        tw__guess_offer(&guess, d->name);
    }
    return tw__fail(err, TW_ERR_SPEC, "rule \"%s\" has no dialect \"%.*s\"%s", c->rule->name, TW__SHOW(name), tw__guess_hint(&guess));
}

/* The defaults, those of the dialect on top; a dialect may mean another rule altogether. */
static tw_status start_values(tw_choice *c, tw_error *err)
{
    tw__spec dialect = {.n = 0};
    if (c->dialect && c->dialect->rule) {
        c->rule = tw_rule_find(c->dialect->rule);
        if (!c->rule) return tw__fail(err, TW_ERR_INTERNAL, "a dialect means the rule \"%s\", which does not exist", c->dialect->rule);
    }
    for (int i = 0; i < c->rule->n_options; i++) c->values[i] = c->rule->options[i].initial;
    if (!c->dialect || !c->dialect->defaults[0]) return TW_OK;
    tw__text items = tw__text_of(c->dialect->defaults);
    tw__table t = table_of(c->rule);
    TW_TRY(tw__spec_items(&dialect, items, items, err));
    for (int i = 0; i < dialect.n; i++) TW_TRY(tw__option_read(&t, &dialect.items[i], c->values, NULL, err));
    return TW_OK;
}

static tw_status check_given(const tw_choice *c, tw_error *err)
{
    for (int i = 0; i < c->rule->n_options; i++) {
        char text[TW_VALUE_MAX];
        const char *reason = c->given[i] && c->rule->ineffective ? c->rule->ineffective(c->values, i) : NULL;
        if (reason)
            return tw__fail(err, TW_ERR_SPEC, "%s = %s has no effect: %s", c->rule->options[i].name,
                            tw_option_text(&c->rule->options[i], c->values[i], text), reason);
    }
    return TW_OK;
}

tw_status tw_rule_read(tw_choice *out, const char *text, const tw_rule *own, tw_error *err)
{
    tw__spec spec;
    tw_choice c = {.rule = NULL};
    double start[TW_OPTIONS_MAX];
    memset(out, 0, sizeof *out);
    if (!text) return tw__fail(err, TW_ERR_SPEC, "no rule is named; a name is needed, as in \"adam:lr=0.001\"");
    tw__text whole = tw__text_of(text);
    if (tw__spec_joint(whole) < whole.n)
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\": this version has no transforms to join to a rule with \"+\"; give the rule alone",
                        TW__SHOW(whole));
    TW_TRY(tw__spec_parse(&spec, whole, err));
    TW_TRY(find_rule(&c.rule, spec.name, own, err));
    const char *named = c.rule->name;
    if (spec.dialect.n) TW_TRY(find_dialect(&c, spec.dialect, err));
    TW_TRY(start_values(&c, err));
    memcpy(start, c.values, sizeof start);
    tw__table t = table_of(c.rule);
    for (int i = 0; i < spec.n; i++) TW_TRY(tw__option_read(&t, &spec.items[i], c.values, c.given, err));
    TW_TRY(check_given(&c, err));
    if (c.rule->kind != TW_ELEMENT)
        return tw__fail(err, TW_ERR_SPEC, "rule \"%s\" needs whole tensors, which this version does not step", c.rule->name);
    c.variant = c.rule->variant(c.values);
    c.slots = c.rule->wanted(c.variant);
    int n = snprintf(c.spec, sizeof c.spec, "%s%s%s", named, c.dialect ? "@" : "", c.dialect ? c.dialect->name : "");
    if (n < 0 || (size_t)n >= sizeof c.spec || !tw__options_write(&t, c.values, start, c.spec + n, sizeof c.spec - (size_t)n))
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" is too long", TW__SHOW(whole));
    *out = c;
    return TW_OK;
}
