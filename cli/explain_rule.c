/* thalweg explain for rules: the equation as it is computed with these values, what every hyperparameter is and may be, what is kept,
 * and the dialects with what they change.
 * SPDX-License-Identifier: MIT */
#include "explain.h"
#include "rule_text.h"
#include <stdlib.h>
#include <string.h>

/* A rule's spec; the same without its items, whose values are the dialect's defaults; and the rule it names. */
struct subject { tw_choice choice, plain; const tw_rule *rule, *named; };

static tw_status read_subject(struct subject *s, const tw_choice *choice, tw_error *err)
{
    char plain[TW_SPEC_MAX];
    *s = (struct subject){ .choice = *choice, .plain = *choice, .rule = choice->rule, .named = cli_rule_named(choice) };
    for (int i = 0; i < s->rule->n_options; i++) s->plain.values[i] = s->rule->options[i].initial;
    if (s->rule->place != TW_RULE) return TW_OK;
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(choice->spec, ":"), choice->spec);
    return tw_rule_read(&s->plain, plain, NULL, err);
}

static int is_another(const struct subject *s) { return s->choice.dialect && s->choice.dialect->rule; }
static const char *note_of(const struct subject *s) { return s->choice.dialect && s->choice.dialect->note ? s->choice.dialect->note : ""; }

/* What holds with these values beside the equation, one sentence each; NULL behind the last. */
static const char *remark(const struct subject *s, int i)
{
    static const struct { unsigned trait; const char *text; } texts[] = {
        { TW_FULL_BATCH, "Needs the full batch: use --estimator full." },
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
    char text[CLI_DIALECT_TEXT];
    printf("%s", s->choice.spec);
    if (s->rule != s->named) printf("  (runs as the rule %s)", s->rule->name);
    printf("\n%s\n", shown->paper);
    if (shown->use && *shown->use) cli_print_wrapped(0, shown->use);
    if (s->choice.dialect && *cli_dialect_text(s->choice.dialect, text)) {
        printf("%s: ", s->choice.dialect->name);
        cli_print_wrapped((int)strlen(s->choice.dialect->name) + 2, text);
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
    int changed = 0, value = 8, own = (int)strlen(s->rule->name) > 8 ? (int)strlen(s->rule->name) : 8;
    char text[TW_VALUE_MAX];
    for (int i = 0; i < n; i++) {
        changed |= s->plain.values[i] != options[i].initial;
        int width = (int)strlen(tw_option_text(&options[i], s->choice.values[i], text));
        if (width > value) value = width;
    }
    const int at = 2 + name + 2 + value + 10 + changed * (2 + own) + 2 + range + 2;
    printf("\nhyperparameters\n  %-*s  %-*s  %-8s", name, "name", value, "value", "default");
    if (changed) printf("  %-*s", own, s->rule->name);
    printf("  %-*s  what it does\n", range, "range");
    for (int i = 0; i < n; i++) {
        printf("  %-*s  %-*s", name, options[i].name, value, tw_option_text(&options[i], s->choice.values[i], text));
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
    char text[CLI_DIALECT_TEXT];
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
        if (!*cli_dialect_text(d, text)) continue;
        printf("%*s", at, "");
        cli_print_wrapped(at, text);
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

static json_t *link_json(const struct subject *s)
{
    char equation[CLI_EQUATION];
    const char *text;
    const tw_rule *shown = is_another(s) ? s->rule : s->named;
    json_t *options = cli_options_json(s->rule->n_options, s->rule->options, s->choice.values), *remarks = json_array();
    tw_equation_text(&s->choice, equation, sizeof equation);
    for (int i = 0; i < s->rule->n_options; i++)
        json_object_set_new(json_array_get(options, (size_t)i), "dialect_default", cli_value_json(&s->rule->options[i], s->plain.values[i]));
    for (int i = 0; (text = remark(s, i)) != NULL; i++) json_array_append_new(remarks, json_string(text));
    return json_pack("{s:o, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:{s:f, s:f}, s:o}", "spec", cli_string(s->choice.spec), "name", s->named->name,
                     "rule", s->rule->name, "dialect", cli_string(s->choice.dialect ? s->choice.dialect->name : NULL), "note", note_of(s), "paper",
                     shown->paper, "use", shown->use, "equation", equation, "options", options, "remarks", remarks, "state", state_json(s), "f32_bytes",
                     "matrix_1000x1000", 4 * cli_rule_keeps(&s->choice, 1e3, 1e3), "vector_1000", 4 * cli_rule_keeps(&s->choice, 0, 1e3), "dialects",
                     cli_dialects_json(s->named->dialects, s->named->name));
}

static void print_link(const struct subject *s)
{
    char equation[CLI_EQUATION];
    const char *text;
    print_head(s);
    tw_equation_text(&s->choice, equation, sizeof equation);
    puts("\nequation");
    cli_print_equation(equation);
    for (int i = 0; (text = remark(s, i)) != NULL; i++) printf("%s  %s\n", i ? "" : "\nremarks\n", text);
    if (s->rule->n_options) print_options(s);
    print_state(s);
    print_dialects(s->named);
}

/* A transform by itself is read beside a rule, with its options. */
static tw_status read_chain(tw_chain *chain, const char *spec, int *from, int *to, tw_error *err)
{
    char name[TW_SPEC_MAX], *text;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(spec, "@:+"), spec);
    const tw_rule *transform = strchr(spec, '+') ? NULL : tw_transform_find(name);
    if (!transform) {
        CLI_TRY(tw_chain_read(chain, spec, NULL, err));
        *from = 0;
        *to = chain->n;
        return TW_OK;
    }
    const int before = transform->place == TW_ON_GRADIENT;
    text = before ? cli_text(err, "%s+sgd", spec) : cli_text(err, "sgd+%s", spec);
    tw_status s = text ? tw_chain_read(chain, text, NULL, err) : err->code;
    free(text);
    *from = !before;
    *to = *from + 1;
    return s;
}

static tw_status explain_links(const tw_chain *chain, int from, int to, int json, tw_error *err)
{
    json_t *list = json_array();
    for (int i = from; i < to; i++) {
        struct subject s;
        if (read_subject(&s, &chain->link[i], err) != TW_OK) {
            json_decref(list);
            return err->code;
        }
        if (json) json_array_append_new(list, link_json(&s));
        else print_link(&s);
        if (!json && i + 1 < to) puts("\n----\n");
    }
    json_t *all = to - from > 1 ? json_pack("{s:s, s:O}", "spec", chain->spec, "links", list) : json_incref(json_array_get(list, 0));
    json_decref(list);
    if (json) return cli_print_json(all, err);
    json_decref(all);
    return TW_OK;
}

tw_status cli_explain_rule(const struct cli_common *common, const char *spec, tw_error *err)
{
    tw_chain *chain = cli_alloc(1, sizeof *chain, err);
    int from = 0, to = 0;
    if (!chain) return err->code;
    tw_status s = read_chain(chain, spec, &from, &to, err);
    if (s == TW_OK) s = explain_links(chain, from, to, common->json, err);
    free(chain);
    return s;
}
