/* Rules by name, and a rule's spec understood.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "rules/registry.h"
#include "base/options.h"
#include "math/elementary.h"

#define TW__OMITTED(name)
#define TW__RULE(name) extern const tw_rule tw_rule_##name;
#include "rules/list.h"
#undef TW__RULE
#define TW__RULE(name) &tw_rule_##name,
static const tw_rule *const rules[] = {
#include "rules/list.h"
};
#undef TW__RULE
#undef TW__OMITTED
/* Those that a build with TW_RULES has not. */
#define TW__RULE(name)
#define TW__OMITTED(name) name,
static const char *const omitted[] = {
#include "rules/list.h"
    NULL};
#undef TW__RULE
#undef TW__OMITTED
enum { N_RULES = sizeof rules / sizeof rules[0] };

double tw_pow(double x, double y) { return tw__pow_f64(x, y); }

const tw_rule *tw_rule_at(size_t i) { return i < N_RULES ? rules[i] : NULL; }

const char *tw__rule_name(size_t i, const void *user)
{
    (void)user;
    return i < N_RULES ? rules[i]->name : NULL;
}

const tw_rule *tw__rule_find(tw__text name)
{
    const int i = tw__name_find(name, tw__rule_name, NULL);
    return i < 0 ? NULL : rules[i];
}

tw_status tw__rule_omitted(tw__text name, tw_error *err)
{
    for (size_t i = 0; omitted[i]; i++)
        if (tw__text_is(name, omitted[i]))
            return tw__fail(
                err, TW_ERR_SPEC,
                "rule \"%s\" was not built into this library: TW_RULES, with which it was configured, does not name it",
                omitted[i]);
    return TW_OK;
}

const tw_rule *tw_rule_find(const char *name) { return tw__rule_find(tw__text_of(name)); }

static tw__table table_of(const tw_rule *r)
{
    return (tw__table){r->name, r->options, r->n_options, r->aliases, NULL, NULL};
}

int tw_rule_option(const tw_rule *rule, const char *name)
{
    tw__table t = table_of(rule);
    return tw__option_find(&t, tw__text_of(name));
}

static tw_status find_rule(const tw_rule **out, tw__text name, const tw_rule *custom, tw_error *err)
{
    if (custom) {
        TW_TRY(tw__custom_check(custom, err));
        *out = custom;
        return tw__text_is(name, custom->name)
                   ? TW_OK
                   : tw__fail(err, TW_ERR_SPEC, "\"%.*s\" does not name the rule that was given, \"%.60s\"",
                              TW__SHOW(name), custom->name);
    }
    *out = tw__rule_find(name);
    if (*out) return TW_OK;
    TW_TRY(tw__rule_omitted(name, err));
    return tw__name_unknown("unknown rule", name, tw__rule_name, NULL, err);
}

static tw_status find_dialect(tw_choice *c, tw__text name, tw_error *err)
{
    char list[200] = "";
    size_t n = 0;
    for (const tw_dialect *d = c->rule->dialects; d && d->name; d++) {
        if (tw__text_is(name, d->name)) {
            c->dialect = d;
            return TW_OK;
        }
        if (n < sizeof list) n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", d->name);
    }
    if (!n) return tw__fail(err, TW_ERR_SPEC, "%s has no dialects", c->rule->name);
    return tw__fail(err, TW_ERR_SPEC, "%s has no dialect \"%.*s\" (it has %s)", c->rule->name, TW__SHOW(name),
                    list);
}

static tw_status set_items(tw_choice *c, const char *text, tw_error *err)
{
    tw__spec spec = {.n = 0};
    tw__text items = tw__text_of(text);
    tw__table t = table_of(c->rule);
    if (!text[0]) return TW_OK;
    TW_TRY(tw__spec_items(&spec, items, items, err));
    for (int i = 0; i < spec.n; i++) TW_TRY(tw__option_read(&t, &spec.items[i], c->values, NULL, err));
    return TW_OK;
}

static tw_status become(tw_choice *c, const char *rule, tw_error *err)
{
    TW_TRY(tw__rule_omitted(tw__text_of(rule), err));
    c->rule = tw_rule_find(rule);
    return c->rule ? TW_OK
                   : tw__fail(err, TW_ERR_INTERNAL, "\"%s\" is meant, a rule that does not exist", rule);
}

/* The defaults, those of the name or the dialect on top; either may mean another rule altogether. */
static tw_status start_values(tw_choice *c, tw_error *err)
{
    const char *custom = c->rule->like ? c->rule->defaults : "";
    if (c->rule->like) TW_TRY(become(c, c->rule->like, err));
    if (c->dialect && c->dialect->rule) TW_TRY(become(c, c->dialect->rule, err));
    for (int i = 0; i < c->rule->n_options; i++) c->values[i] = c->rule->options[i].initial;
    if (!c->dialect || !c->dialect->rule) TW_TRY(set_items(c, custom, err));
    return c->dialect ? set_items(c, c->dialect->defaults, err) : TW_OK;
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

/* Refuses `decay` of Keras 2 and tf.keras, which is a schedule of the rate, with the schedule that is
 * meant. */
static tw_status refuse_decay(const tw__table *t, const char *rule, const tw__item *item, tw_error *err)
{
    const tw__text value = item->value;
    double decay;
    if (!tw__text_is(item->key, "decay") || tw__option_find(t, item->key) >= 0 ||
        tw__option_find(t, tw__text_of("lr")) < 0)
        return TW_OK;
    if (tw__number_read(value, &decay) != 1) return TW_OK;
    if (decay == 0)
        return tw__fail(err, TW_ERR_SPEC, "%s has no option \"decay\": leave out decay=%.*s", rule,
                        TW__SHOW(value));
    return tw__fail(
        err, TW_ERR_SPEC,
        "%s has no option \"decay\": the rate lr/(1 + decay t) is the schedule inverse_time:decay_rate=%.*s",
        rule, TW__SHOW(value));
}

tw_status tw__choice_read(tw_choice *out, const tw_rule *rule, const tw__spec *spec, tw_error *err)
{
    tw_choice c = {.rule = rule};
    double start[TW_OPTIONS_MAX];
    if (spec->dialect.n) TW_TRY(find_dialect(&c, spec->dialect, err));
    TW_TRY(start_values(&c, err));
    memcpy(start, c.values, sizeof start);
    tw__table t = table_of(c.rule);
    for (int i = 0; i < spec->n; i++) {
        TW_TRY(refuse_decay(&t, rule->name, &spec->items[i], err));
        TW_TRY(tw__option_read(&t, &spec->items[i], c.values, c.given, err));
    }
    TW_TRY(check_given(&c, err));
    c.variant = c.rule->variant(c.values);
    c.slots = c.rule->wanted(c.variant);
    int n = snprintf(c.spec, sizeof c.spec, "%s%s%s", rule->name, c.dialect ? "@" : "",
                     c.dialect ? c.dialect->name : "");
    if (n < 0 || (size_t)n >= sizeof c.spec ||
        !tw__options_write(&t, c.values, start, c.spec + n, sizeof c.spec - (size_t)n))
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" with its options is too long", TW__SHOW(spec->name));
    *out = c;
    return TW_OK;
}

tw_status tw_rule_read(tw_choice *out, const char *text, const tw_rule *custom, tw_error *err)
{
    TW_NEEDS(err, out);
    tw__spec spec;
    const tw_rule *rule;
    memset(out, 0, sizeof *out);
    if (!text)
        return tw__fail(err, TW_ERR_SPEC, "no rule is named; a name is needed, as in \"adam:lr=0.001\"");
    tw__text whole = tw__text_of(text);
    if (tw__spec_joint(whole) < whole.n)
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" joins transforms to a rule; give the rule alone",
                        TW__SHOW(whole));
    TW_TRY(tw__spec_parse(&spec, whole, err));
    TW_TRY(find_rule(&rule, spec.name, custom, err));
    return tw__choice_read(out, rule, &spec, err);
}

/* "centered", "!centered", "eps_place=out", "eps_place!=out": does it hold? A name that is none of the rule's
 * holds nowhere. */
static int holds(const tw_choice *c, tw__text condition)
{
    int wanted = condition.at[0] != '!';
    tw__text name = wanted ? condition : (tw__text){condition.at + 1, condition.n - 1}, value = name;
    tw__table t = table_of(c->rule);
    name = tw__text_cut(&value, '=');
    if (name.n && name.at[name.n - 1] == '!') wanted = 0, name.n--;
    int i = tw__option_find(&t, name);
    if (i < 0) return 0;
    if (!value.at) return (c->values[i] != 0) == wanted;
    char is[TW_VALUE_MAX];
    return tw__text_is(value, tw_option_text(&t.options[i], c->values[i], is)) == wanted;
}

/* Whether the line holds; *line is then what comes after its conditions. */
static int line_holds(const tw_choice *c, tw__text *line)
{
    const char *end = line->n && line->at[0] == '[' ? memchr(line->at, ']', line->n) : NULL;
    if (!end) return 1;
    tw__text conditions = {line->at + 1, (size_t)(end - line->at) - 1};
    size_t behind = (size_t)(end - line->at) + 1;
    while (behind < line->n && line->at[behind] == ' ') behind++;
    *line = (tw__text){line->at + behind, line->n - behind};
    while (conditions.at) {
        tw__text one = tw__text_cut(&conditions, ',');
        while (one.n && one.at[0] == ' ') one = (tw__text){one.at + 1, one.n - 1};
        if (one.n && !holds(c, one)) return 0;
    }
    return 1;
}

size_t tw_equation_text(const tw_choice *c, char *to, size_t n)
{
    tw__text rest = tw__text_of(c->rule->equation);
    size_t used = 0;
    while (rest.at) {
        tw__text line = tw__text_cut(&rest, '\n');
        if (!line_holds(c, &line)) continue;
        int wrote = snprintf(used < n ? to + used : NULL, used < n ? n - used : 0, "%s%.*s", used ? "\n" : "",
                             (int)line.n, line.at);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    return used;
}
