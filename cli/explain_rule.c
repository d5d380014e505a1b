/* thalweg explain for rules: the equation as it is computed with these values, what every hyperparameter is
 * and may be, what is kept, and the dialects with what they change.
 * SPDX-License-Identifier: MIT */
#include "explain.h"
#include "rule_text.h"
#include <stdlib.h>
#include <string.h>

/* A rule's spec; the same without its items, whose values are the dialect's defaults; and the rule it
 * names. */
struct subject {
    tw_choice choice, plain;
    const tw_rule *rule, *named;
};

static tw_status read_subject(struct subject *s, const tw_choice *choice, tw_error *err)
{
    char plain[TW_SPEC_MAX];
    *s = (struct subject){.choice = *choice,
                          .plain = *choice,
                          .rule = choice->rule,
                          .named = cli_rule_named(choice)};
    for (int i = 0; i < s->rule->n_options; i++) s->plain.values[i] = s->rule->options[i].initial;
    if (s->rule->place != TW_RULE) return TW_OK;
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(choice->spec, ":"), choice->spec);
    return tw_rule_read(&s->plain, plain, NULL, err);
}

static int is_another(const struct subject *s) { return s->choice.dialect && s->choice.dialect->rule; }
static const char *note_of(const struct subject *s)
{
    return s->choice.dialect && s->choice.dialect->note ? s->choice.dialect->note : "";
}

/* What holds with these values beside the equation, one sentence each; NULL behind the last. */
static const char *remark(const struct subject *s, int i)
{
    static const struct {
        unsigned trait;
        const char *text;
    } texts[] = {
        {TW_FULL_BATCH, "Needs the full batch: use --estimator full."},
        {TW_DRAWS_NOISE, "Draws a number per weight and step from the seed."},
        {TW_USES_POINT, "Looks at the point where the gradient was taken."},
        {TW_ZERO_IS_NOTHING, "A gradient of 0 changes nothing: sparse gradients are free."},
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
    putchar('\n');
    cli_print_wrapped(0, shown->paper);
    if (shown->use && *shown->use) cli_print_wrapped(0, shown->use);
    if (s->choice.dialect && *cli_dialect_text(s->choice.dialect, text)) {
        printf("%s: ", s->choice.dialect->name);
        cli_print_wrapped((int)strlen(s->choice.dialect->name) + 2, text);
    }
}

struct option_rows {
    const struct subject *s;
    int changed;
};

static const char *option_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct option_rows *rows = of;
    const struct subject *s = rows->s;
    if (row >= (size_t)s->rule->n_options) return NULL;
    const tw_option *o = &s->rule->options[row];
    if (!rows->changed && column > 2) column++;
    switch (column) {
    case 0: return o->name;
    case 1: return tw_option_text(o, s->choice.values[row], to);
    case 2: return tw_option_text(o, s->plain.values[row], to);
    case 3: return tw_option_text(o, o->initial, to);
    case 4: return tw_option_bounds(o, to);
    default: return o->help;
    }
}

/* The rule's own defaults have a column of their own where a dialect or another name changed one. */
static void print_options(const struct subject *s)
{
    const char *const plain[] = {"name", "value", "default", "range", "what it does", NULL};
    const char *const changed[] = {"name", "value", "default", s->rule->name, "range", "what it does", NULL};
    struct option_rows rows = {s, 0};
    for (int i = 0; i < s->rule->n_options; i++)
        rows.changed |= s->plain.values[i] != s->rule->options[i].initial;
    puts("\nhyperparameters");
    cli_print_table(stdout,
                    &(struct cli_table){.heads = rows.changed ? changed : plain,
                                        .cell = option_cell,
                                        .of = &rows,
                                        .indent = 2},
                    cli_columns(stdout, CLI_PROSE));
}

static const char *start_text(const tw_rule *rule, const tw_slot *slot, char to[TW_VALUE_MAX])
{
    if (slot->start == TW_START_OPTION) snprintf(to, TW_VALUE_MAX, "%s", rule->options[slot->option].name);
    else snprintf(to, TW_VALUE_MAX, "%s", slot->start == TW_START_WEIGHT ? "the weights" : "0");
    return to;
}

/* The slots that are kept, then the scalars. */
static const char *state_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct subject *s = of;
    const tw_rule *rule = s->rule;
    char text[TW_VALUE_MAX];
    for (int i = 0; i < rule->n_slots; i++) {
        if (!(s->choice.slots >> i & 1) || row-- > 0) continue;
        if (!column) return rule->slots[i].name;
        snprintf(to, CLI_CELL, "%s, from %s", cli_extent_text(rule->slots[i].extent),
                 start_text(rule, &rule->slots[i], text));
        return to;
    }
    if (row >= (size_t)rule->n_scalars) return NULL;
    if (!column) return rule->scalars[row].name;
    snprintf(to, CLI_CELL, "%s, from %s",
             rule->kind != TW_ELEMENT && rule->scope == TW_PER_TENSOR ? "per tensor" : "once",
             tw_option_text(&(tw_option){.type = TW_REAL}, rule->scalars[row].initial, text));
    return to;
}

static void print_state(const struct subject *s)
{
    static const char *const heads[] = {"slot", "kept", NULL};
    char memory[160];
    puts("\nstate");
    cli_print_table(stdout,
                    &(struct cli_table){.heads = heads, .cell = state_cell, .of = s, .indent = 2, .bare = 1},
                    cli_columns(stdout, CLI_PROSE));
    cli_print_sentence(2, "%s", cli_memory_text(&s->choice, memory));
}

static json_t *state_json(const struct subject *s)
{
    json_t *list = json_array();
    char text[TW_VALUE_MAX];
    for (int i = 0; i < s->rule->n_slots; i++)
        if (s->choice.slots >> i & 1)
            list = cli_add(list, json_pack("{s:s, s:s, s:s}", "name", s->rule->slots[i].name, "kept",
                                           cli_extent_text(s->rule->slots[i].extent), "from",
                                           start_text(s->rule, &s->rule->slots[i], text)));
    return list;
}

static json_t *link_json(const struct subject *s)
{
    char equation[CLI_EQUATION];
    const char *text;
    const tw_rule *shown = is_another(s) ? s->rule : s->named;
    json_t *options = json_array(), *remarks = json_array();
    tw_equation_text(&s->choice, equation, sizeof equation);
    for (int i = 0; i < s->rule->n_options; i++) {
        const tw_option *o = &s->rule->options[i];
        char value[TW_VALUE_MAX];
        json_t *option = cli_option_json(o, tw_option_text(o, s->choice.values[i], value));
        options = cli_add(options, cli_put(option, "dialect_default", cli_value_json(o, s->plain.values[i])));
    }
    for (int i = 0; (text = remark(s, i)) != NULL; i++) remarks = cli_add(remarks, json_string(text));
    return json_pack("{s:o, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:{s:f, s:f}, s:o}", "spec",
                     cli_string(s->choice.spec), "name", s->named->name, "rule", s->rule->name, "dialect",
                     cli_string(s->choice.dialect ? s->choice.dialect->name : NULL), "note", note_of(s),
                     "paper", shown->paper, "use", shown->use, "equation", equation, "options", options,
                     "remarks", remarks, "state", state_json(s), "f32_bytes", "matrix_1000x1000",
                     4 * cli_rule_keeps(&s->choice, 1e3, 1e3), "vector_1000",
                     4 * cli_rule_keeps(&s->choice, 0, 1e3), "dialects",
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
    for (int i = 0; (text = remark(s, i)) != NULL; i++) {
        if (!i) puts("\nremarks");
        cli_print_sentence(2, "%s", text);
    }
    if (s->rule->n_options) print_options(s);
    print_state(s);
    cli_print_dialects(s->named->dialects, s->named->name);
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
    json_t *list = json ? json_array() : NULL;
    for (int i = from; i < to; i++) {
        struct subject s;
        if (read_subject(&s, &chain->link[i], err) != TW_OK) {
            json_decref(list);
            return err->code;
        }
        if (json) list = cli_add(list, link_json(&s));
        else print_link(&s);
        if (!json && i + 1 < to) puts("\n----\n");
    }
    if (!json) return TW_OK;
    json_t *all = to - from > 1 ? json_pack("{s:s, s:O}", "spec", chain->spec, "links", list)
                                : json_incref(json_array_get(list, 0));
    json_decref(list);
    return cli_print_json(all, err);
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
