/* thalweg explain for rules: the equation as it is computed with these values, what every hyperparameter is and may be, what is kept,
 * and the dialects with what they change.
 * SPDX-License-Identifier: MIT */
#include "explain_rule.h"
#include <string.h>

/* A rule's spec; the same without its items, whose values are the dialect's defaults; and the rule it names. */
struct subject { tw_choice choice, plain; const tw_rule *rule, *named; };

static tw_status read_subject(struct subject *s, const char *spec, tw_error *err)
{
    char plain[TW_SPEC_MAX];
    CLI_TRY(tw_rule_read(&s->choice, spec, NULL, err));
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(s->choice.spec, ":"), s->choice.spec);
    CLI_TRY(tw_rule_read(&s->plain, plain, NULL, err));
    s->rule = s->choice.rule;
    s->named = cli_rule_named(&s->choice);
    return TW_OK;
}

static int is_another(const struct subject *s) { return s->choice.dialect && s->choice.dialect->rule; }
static const char *note_of(const struct subject *s) { return s->choice.dialect && s->choice.dialect->note ? s->choice.dialect->note : ""; }

/* What holds with these values beside the equation, one sentence each; NULL behind the last. */
static const char *remark(const struct subject *s, int i)
{
    static const struct { unsigned trait; const char *text; } texts[] = {
        { TW_FULL_BATCH, "Needs the full gradient: on samples it makes no sense." },
        { TW_DRAWS_NOISE, "Draws a number per weight and step from the seed." },
        { TW_USES_POINT, "Looks at the point where the gradient was taken." },
        { TW_ZERO_IS_NOTHING, "A gradient of 0 changes nothing: sparse gradients are free." },
    };
    unsigned traits = s->rule->traits(s->choice.values);
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
        if (traits & texts[k].trait && i-- == 0) return texts[k].text;
    return NULL;
}

static void print_head(const struct subject *s)
{
    const tw_rule *shown = is_another(s) ? s->rule : s->named;
    printf("%s", s->choice.spec);
    if (s->rule != s->named) printf("  (runs as the rule %s)", s->rule->name);
    printf("\n%s\n", shown->paper);
    if (shown->use && *shown->use) cli_print_wrapped(0, shown->use);
    if (*note_of(s)) {
        printf("%s: ", s->choice.dialect->name);
        cli_print_wrapped((int)strlen(s->choice.dialect->name) + 2, note_of(s));
    }
}

static int widest(int n, const tw_option *options, const char *(*text)(const tw_option *o, char to[TW_VALUE_MAX]), int least)
{
    char to[TW_VALUE_MAX];
    for (int i = 0; i < n; i++) {
        int width = (int)strlen(text(&options[i], to));
        if (width > least) least = width;
    }
    return least;
}

static const char *name_text(const tw_option *o, char to[TW_VALUE_MAX])
{
    snprintf(to, TW_VALUE_MAX, "%s", o->name);
    return to;
}

/* The rule's own defaults have a column of their own where a dialect or another name changed one. */
static void print_options(const struct subject *s)
{
    const tw_option *options = s->rule->options;
    const int n = s->rule->n_options, name = widest(n, options, name_text, 4), range = widest(n, options, tw_option_bounds, 5);
    int changed = 0, own = (int)strlen(s->rule->name) > 8 ? (int)strlen(s->rule->name) : 8;
    char text[TW_VALUE_MAX];
    for (int i = 0; i < n; i++) changed |= s->plain.values[i] != options[i].initial;
    const int at = 2 + name + 10 + 10 + changed * (2 + own) + 2 + range + 2;
    printf("\nhyperparameters\n  %-*s  %-8s  %-8s", name, "name", "value", "default");
    if (changed) printf("  %-*s", own, s->rule->name);
    printf("  %-*s  what it does\n", range, "range");
    for (int i = 0; i < n; i++) {
        printf("  %-*s  %-8s", name, options[i].name, tw_option_text(&options[i], s->choice.values[i], text));
        printf("  %-8s", tw_option_text(&options[i], s->plain.values[i], text));
        if (changed) printf("  %-*s", own, tw_option_text(&options[i], options[i].initial, text));
        printf("  %-*s  ", range, tw_option_bounds(&options[i], text));
        cli_print_wrapped(at, options[i].help);
    }
}

static const char *start_text(const tw_rule *rule, const tw_slot *slot, char to[TW_VALUE_MAX])
{
    if (slot->start == TW_START_OPTION) snprintf(to, TW_VALUE_MAX, "%s", rule->options[slot->option].name);
    else snprintf(to, TW_VALUE_MAX, "%s", slot->start == TW_START_WEIGHT ? "the weights" : "0");
    return to;
}

static void print_state(const struct subject *s)
{
    const tw_rule *rule = s->rule;
    char text[TW_VALUE_MAX], memory[160];
    puts("\nstate");
    for (int i = 0; i < rule->n_slots; i++)
        if (s->choice.slots >> i & 1)
            printf("  %-8s  %s, from %s\n", rule->slots[i].name, cli_extent_text(rule->slots[i].extent), start_text(rule, &rule->slots[i], text));
    for (int i = 0; i < rule->n_scalars; i++)
        printf("  %-8s  %s, from %s\n", rule->scalars[i].name, rule->kind != TW_ELEMENT && rule->scope == TW_PER_TENSOR ? "per tensor" : "once",
               tw_option_text(&(tw_option){ .type = TW_REAL }, rule->scalars[i].initial, text));
    printf("  %s\n", cli_memory_text(&s->choice, memory));
}

static void print_dialects(const tw_rule *rule)
{
    int width = 0;
    if (!rule->dialects || !rule->dialects->name) return;
    for (const tw_dialect *d = rule->dialects; d->name; d++)
        if ((int)strlen(d->name) > width) width = (int)strlen(d->name);
    const int at = 2 + (int)strlen(rule->name) + 1 + width + 2;
    printf("\ndialects\n");
    for (const tw_dialect *d = rule->dialects; d->name; d++) {
        const int changes = d->defaults && *d->defaults;
        printf("  %s@%-*s  ", rule->name, width, d->name);
        printf("%s%s%s\n", d->rule ? d->rule : "", d->rule && changes ? ":" : "", changes ? d->defaults : d->rule ? "" : "the defaults");
        if (!d->note || !*d->note) continue;
        printf("%*s", at, "");
        cli_print_wrapped(at, d->note);
    }
}

static json_t *state_json(const struct subject *s)
{
    json_t *list = json_array();
    char text[TW_VALUE_MAX];
    for (int i = 0; i < s->rule->n_slots; i++)
        if (s->choice.slots >> i & 1)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", s->rule->slots[i].name, "kept", cli_extent_text(s->rule->slots[i].extent),
                                                  "from", start_text(s->rule, &s->rule->slots[i], text)));
    return list;
}

static tw_status print_json(const struct subject *s, tw_error *err)
{
    char equation[CLI_EQUATION];
    const char *text;
    json_t *all = cli_rule_json(s->named, err), *options = cli_options_json(s->rule->n_options, s->rule->options, s->choice.values), *remarks = json_array();
    if (!all) {
        json_decref(options);
        json_decref(remarks);
        return err->code;
    }
    tw_equation_text(&s->choice, equation, sizeof equation);
    for (int i = 0; i < s->rule->n_options; i++)
        json_object_set_new(json_array_get(options, (size_t)i), "dialect_default", cli_value_json(&s->rule->options[i], s->plain.values[i]));
    for (int i = 0; (text = remark(s, i)) != NULL; i++) json_array_append_new(remarks, json_string(text));
    json_object_set_new(all, "spec", cli_string(s->choice.spec));
    json_object_set_new(all, "rule", json_string(s->rule->name));
    json_object_set_new(all, "dialect", cli_string(s->choice.dialect ? s->choice.dialect->name : NULL));
    json_object_set_new(all, "note", json_string(note_of(s)));
    json_object_set_new(all, "paper", json_string(is_another(s) ? s->rule->paper : s->named->paper));
    json_object_set_new(all, "use", json_string(is_another(s) ? s->rule->use : s->named->use));
    json_object_set_new(all, "equation", json_string(equation));
    json_object_set_new(all, "options", options);
    json_object_set_new(all, "remarks", remarks);
    json_object_set_new(all, "state", state_json(s));
    json_object_set_new(all, "f32_bytes", json_pack("{s:f, s:f}", "matrix_1000x1000", 4 * cli_rule_keeps(&s->choice, 1e3, 1e3), "vector_1000",
                                                    4 * cli_rule_keeps(&s->choice, 0, 1e3)));
    return cli_print_json(all, err);
}

tw_status cli_explain_rule(const struct cli_common *common, const char *spec, tw_error *err)
{
    struct subject s;
    char equation[CLI_EQUATION];
    const char *text;
    CLI_TRY(read_subject(&s, spec, err));
    if (common->json) return print_json(&s, err);
    print_head(&s);
    tw_equation_text(&s.choice, equation, sizeof equation);
    puts("\nequation");
    cli_print_equation(equation);
    for (int i = 0; (text = remark(&s, i)) != NULL; i++) printf("%s  %s\n", i ? "" : "\nremarks\n", text);
    print_options(&s);
    print_state(&s);
    print_dialects(s.named);
    return TW_OK;
}
