/* Rules from outside: their tables are checked once, before anything relies on them.
 * SPDX-License-Identifier: MIT */
#include "rules/registry.h"
#include "base/options.h"

/* ---- Names ---- */

/* The name of row `i` in a table whose rows begin with one. */
static const char *name_at(const void *rows, size_t row_size, int i)
{
    return *(const char *const *)((const char *)rows + (size_t)i * row_size);
}

static tw_status check_names(const tw_rule *r, const char *what, const void *rows, size_t row_size, int n,
                             tw_error *err)
{
    if (n < 0 || (n > 0 && !rows))
        return tw__fail(err, TW_ERR_SPEC, "rule \"%.60s\" declares %d %ss and has no table of them", r->name,
                        n, what);
    for (int i = 0; i < n; i++) {
        const char *name = name_at(rows, row_size, i);
        if (!name || !tw__is_key(tw__text_of(name)))
            return tw__fail(err, TW_ERR_SPEC,
                            "rule \"%.60s\": %s %d needs a name of letters, digits and _, not \"%.60s\"",
                            r->name, what, i + 1, name ? name : "");
        for (int k = 0; k < i; k++)
            if (tw__text_is(tw__text_of(name), name_at(rows, row_size, k)))
                return tw__fail(err, TW_ERR_SPEC, "rule \"%.60s\" has two %ss with the name \"%.60s\"",
                                r->name, what, name);
    }
    return TW_OK;
}

/* ---- Rows ---- */

/* Whether the default names one of the option's words, by its place (of a number by min - 1 - place). */
static int is_one_of_words(const tw_option *o)
{
    double n = 1;
    const double place = o->type == TW_WORD ? o->initial : o->min - 1 - o->initial;
    for (const char *c = o->words; *c; c++) n += *c == ' ';
    return place >= 0 && place < n && place == __builtin_floor(place);
}

static tw_status check_option(const tw_rule *r, const tw_option *o, tw_error *err)
{
    char bounds[TW_VALUE_MAX], value[TW_VALUE_MAX];
    const int is_word = o->type == TW_WORD || (o->type == TW_REAL && o->words && o->initial < o->min);
    if ((unsigned)o->type > TW_WORD || (o->type == TW_WORD && !o->words))
        return tw__fail(err, TW_ERR_SPEC,
                        "rule \"%.60s\": %.60s is neither a number, a flag nor one of some words", r->name,
                        o->name);
    if (o->min - o->min != 0 || o->max != o->max || o->min > o->max)
        return tw__fail(err, TW_ERR_SPEC,
                        "rule \"%.60s\": %.60s has the bounds %s; they must rise from a finite number",
                        r->name, o->name, tw_option_bounds(o, bounds));
    if (is_word ? is_one_of_words(o)
                : tw__option_allows(o, o->initial) &&
                      (o->type == TW_REAL || o->initial == __builtin_floor(o->initial)))
        return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "rule \"%.60s\": the default %.60s = %s is outside %s", r->name,
                    o->name, tw__number_text(o->initial, value), tw_option_bounds(o, bounds));
}

static tw_status check_slot(const tw_rule *r, const tw_slot *s, tw_error *err)
{
    if ((unsigned)s->start > TW_START_WEIGHT ||
        (s->start == TW_START_OPTION && (s->option < 0 || s->option >= r->n_options)))
        return tw__fail(err, TW_ERR_SPEC, "rule \"%.60s\": slot %.60s starts as nothing that there is",
                        r->name, s->name);
    if (s->extent == TW_PER_WEIGHT ||
        ((unsigned)s->extent <= TW_PER_VECTOR && r->kind == TW_WHOLE && s->start == TW_START_ZERO))
        return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "rule \"%.60s\": only a rule with whole() keeps state per row, column or vector, from 0 on, as slot %.60s does",
        r->name, s->name);
}

/* The functions that every rule of this kind has. */
static int is_complete(const tw_rule *r)
{
    const int base = r->n_variants > 0 && r->equation && r->variant && r->wanted && r->traits &&
                     (unsigned)r->kind <= TW_WHOLE;
    if (!base || (r->kind == TW_WHOLE && !r->scratch)) return 0;
    const int rounded = !r->prepare[0] && !r->prepare_skip[0] && r->coef_size[1] == 2 * r->coef_size[0];
    for (int i = 0; i < 2; i++) {
        const int prepared = i == 0 && rounded ? 1 : i;
        if (!r->prepare[prepared] || !r->prepare_skip[prepared] != !r->skip[i]) return 0;
        if (!r->update[i] || !r->coef_size[i] || !r->prepare_view[i] != !r->view[i]) return 0;
        if (r->kind == TW_NORMS && (!r->settle[i] || !r->measure[i])) return 0;
        if (r->kind == TW_WHOLE && (!r->fill[i] || !r->whole[i])) return 0;
    }
    return 1;
}

tw_status tw__custom_check(const tw_rule *custom, tw_error *err)
{
    if (custom->size != sizeof(tw_rule))
        return tw__fail(err, TW_ERR_SPEC, "tw_rule.size = %zu is not %zu", custom->size, sizeof(tw_rule));
    TW_TRY(tw__name_check(custom->name, err));
    if (custom->n_options > TW_OPTIONS_MAX || custom->n_slots > TW_SLOTS_MAX ||
        custom->n_scalars > TW_SCALARS_MAX || custom->n_sums > TW_SUMS_MAX)
        return tw__fail(err, TW_ERR_SPEC,
                        "rule \"%.60s\" has more than %d options, %d slots, %d scalars or %d sums",
                        custom->name, (int)TW_OPTIONS_MAX, (int)TW_SLOTS_MAX, (int)TW_SCALARS_MAX,
                        (int)TW_SUMS_MAX);
    if (custom->place != TW_RULE)
        return tw__fail(err, TW_ERR_SPEC, "\"%.60s\" is a transform, where a rule is needed", custom->name);
    if (custom->like && custom->defaults && tw_rule_find(custom->like)) return TW_OK;
    if (custom->like)
        return tw__fail(err, TW_ERR_SPEC,
                        "rule \"%.60s\" is like \"%.60s\", which is no rule, or has no defaults",
                        custom->name, custom->like);
    if (!is_complete(custom))
        return tw__fail(err, TW_ERR_SPEC,
                        "rule \"%.60s\" lacks a function; include TW_RULE_END as the last line of its file",
                        custom->name);
    TW_TRY(check_names(custom, "option", custom->options, sizeof *custom->options, custom->n_options, err));
    TW_TRY(check_names(custom, "slot", custom->slots, sizeof *custom->slots, custom->n_slots, err));
    TW_TRY(check_names(custom, "scalar", custom->scalars, sizeof *custom->scalars, custom->n_scalars, err));
    for (int i = 0; i < custom->n_options; i++) TW_TRY(check_option(custom, &custom->options[i], err));
    for (int i = 0; i < custom->n_slots; i++) TW_TRY(check_slot(custom, &custom->slots[i], err));
    for (const tw_alias *a = custom->aliases; a && a->alias; a++)
        if (tw_rule_option(custom, a->name) < 0)
            return tw__fail(err, TW_ERR_SPEC,
                            "rule \"%.60s\": %.60s is an alias of \"%.60s\", which is no option",
                            custom->name, a->alias, a->name);
    return TW_OK;
}
