/* Descriptions from the tables of rules, schedules, estimators and controls; see describe.h.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS = 32 }; /* above what any table has */

/* What has no default must be given. */
static const char *default_text(const tw_option *o, char to[TW_VALUE_MAX])
{
    return *tw_option_text(o, o->initial, to) ? to : "-";
}

struct option_rows {
    int n;
    const tw_option *options;
    const char *const *values;
};

static const char *option_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct option_rows *rows = of;
    if (row >= (size_t)rows->n) return NULL;
    const tw_option *o = &rows->options[row];
    if (!rows->values && column) column++;
    switch (column) {
    case 0: return o->name;
    case 1: return rows->values[row];
    case 2: return default_text(o, to);
    case 3: return tw_option_bounds(o, to);
    default: return o->help ? o->help : "";
    }
}

void cli_print_option_texts(int n, const tw_option *options, const char *const *values)
{
    static const char *const valued[] = {"name", "value", "default", "range", "what it does", NULL};
    static const char *const plain[] = {"name", "default", "range", "what it does", NULL};
    const struct option_rows rows = {n, options, values};
    const struct cli_table table = {.heads = values ? valued : plain,
                                    .cell = option_cell,
                                    .of = &rows,
                                    .indent = 2};
    if (n) cli_print_table(stdout, &table, cli_columns(stdout, CLI_PROSE));
}

void cli_print_options(int n, const tw_option *options, const double *values)
{
    char text[OPTIONS][TW_VALUE_MAX];
    const char *texts[OPTIONS];
    for (int i = 0; i < n && values; i++) texts[i] = tw_option_text(&options[i], values[i], text[i]);
    cli_print_option_texts(n, options, values ? texts : NULL);
}

/* A text in a cell of a table, where | would end the cell. */
static void print_cell(const char *text)
{
    for (; *text; text++) printf(*text == '|' ? "\\|" : "%c", *text);
}

void cli_print_options_markdown(int n, const tw_option *options, const tw_alias *aliases)
{
    char initial[TW_VALUE_MAX], bounds[TW_VALUE_MAX];
    if (n) printf("| option | default | range | what it does |\n|---|---|---|---|\n");
    for (int i = 0; i < n; i++) {
        printf("| `%s`", options[i].name);
        for (const tw_alias *a = aliases; a && a->alias; a++)
            if (strcmp(a->name, options[i].name) == 0) printf(", `%s`", a->alias);
        printf(" | %s | %s | ", default_text(&options[i], initial), tw_option_bounds(&options[i], bounds));
        print_cell(options[i].help);
        printf(" |\n");
    }
    if (n) putchar('\n');
}

/* A value as JSON shows it: words and formulas as text, flags as booleans, lists as arrays, null for what was
 * not given. */
static json_t *value_json(const tw_option *o, const char *text)
{
    json_t *list;
    char *end;
    if (o->type == TW_REAL && o->words && strstr(o->words, text)) return json_string(text);
    switch (o->type) {
    case TW_FLAG: return json_boolean(strcmp(text, "0") != 0);
    case TW_INT: return json_integer((json_int_t)strtod(text, NULL));
    case TW_REAL: return cli_number(strtod(text, NULL));
    case TW_LIST:
        if (!*text) return json_null();
        list = json_array();
        for (; *text; text = end + (*end == '|')) list = cli_add(list, cli_number(strtod(text, &end)));
        return list;
    default: return *text ? cli_string(text) : json_null();
    }
}

json_t *cli_option_json(const tw_option *o, const char *value)
{
    static const char *const types[] = {"real", "integer", "flag", "word", "list", "formula", "spec"};
    char bounds[TW_VALUE_MAX], initial[TW_VALUE_MAX];
    json_t *all = json_pack("{s:s, s:s, s:o, s:s, s:s}", "name", o->name, "type", types[o->type], "default",
                            value_json(o, tw_option_text(o, o->initial, initial)), "range",
                            tw_option_bounds(o, bounds), "help", o->help ? o->help : "");
    return value ? cli_put(all, "value", value_json(o, value)) : all;
}

json_t *cli_option_texts_json(int n, const tw_option *options, const char *const *values)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++) list = cli_add(list, cli_option_json(&options[i], values ? values[i] : NULL));
    return list;
}

json_t *cli_options_json(int n, const tw_option *options, const double *values)
{
    char text[OPTIONS][TW_VALUE_MAX];
    const char *texts[OPTIONS];
    for (int i = 0; i < n && values; i++) texts[i] = tw_option_text(&options[i], values[i], text[i]);
    return cli_option_texts_json(n, options, values ? texts : NULL);
}

int cli_slots_text(const tw_rule *rule, unsigned slots, char *to, size_t size)
{
    int count = 0;
    size_t n = 0;
    snprintf(to, size, "nothing");
    for (int i = 0; i < rule->n_slots && n < size; i++)
        if (slots >> i & 1)
            n += (size_t)snprintf(to + n, size - n, "%s%s", count++ ? ", " : "", rule->slots[i].name);
    return count;
}

const struct cli_library cli_libraries[] = {
    {"torch", "PyTorch 2"},
    {"keras", "Keras 3, and tf.keras of TensorFlow 2.11 to 2.15"},
    {"keras2", "Keras 2.1.3 to 2.3.1"},
    {"tf2", "tf.keras of TensorFlow 2.0 to 2.10"},
    {"optax", "optax 0.2"},
    {NULL, NULL},
};

const char *cli_library_of(const char *dialect)
{
    const struct cli_library *l = cli_libraries;
    while (l->dialect && strcmp(l->dialect, dialect) != 0) l++;
    return l->library;
}

const char *cli_dialect_text(const tw_dialect *d, char to[CLI_DIALECT_TEXT])
{
    const char *library = cli_library_of(d->name), *note = d->note ? d->note : "";
    snprintf(to, CLI_DIALECT_TEXT, "%s%s%s", library ? library : "", library && *note ? "; " : "", note);
    return to;
}

struct dialect_rows {
    const tw_dialect *dialects;
    const char *name;
};

/* A dialect has a row with its defaults and, where there is more to say, a second one. */
static const tw_dialect *dialect_of(const tw_dialect *d, size_t row, int *second)
{
    char text[CLI_DIALECT_TEXT];
    for (; d->name; d++) {
        const size_t rows = *cli_dialect_text(d, text) ? 2 : 1;
        *second = row == 1;
        if (row < rows) return d;
        row -= rows;
    }
    return NULL;
}

static const char *dialect_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct dialect_rows *rows = of;
    int second;
    const tw_dialect *d = dialect_of(rows->dialects, row, &second);
    if (!d) return NULL;
    const int changes = d->defaults && *d->defaults;
    if (second) return column ? cli_dialect_text(d, to) : "";
    if (!column) snprintf(to, CLI_CELL, "%s@%s", rows->name, d->name);
    else
        snprintf(to, CLI_CELL, "%s%s%s", d->rule ? d->rule : "", d->rule && changes ? ":" : "",
                 changes   ? d->defaults
                 : d->rule ? ""
                           : "the defaults");
    return to;
}

void cli_print_dialects(const tw_dialect *dialects, const char *name)
{
    static const char *const heads[] = {"dialect", "defaults", NULL};
    const struct dialect_rows rows = {dialects, name};
    if (!dialects || !dialects->name) return;
    puts("\ndialects");
    cli_print_table(
        stdout,
        &(struct cli_table){.heads = heads, .cell = dialect_cell, .of = &rows, .indent = 2, .bare = 1},
        cli_columns(stdout, CLI_PROSE));
}

json_t *cli_dialects_json(const tw_dialect *dialects, const char *name)
{
    json_t *list = json_array();
    for (const tw_dialect *d = dialects; d && d->name; d++)
        list = cli_add(list,
                       json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", d->name, "rule",
                                 d->rule ? d->rule : name, "defaults", d->defaults ? d->defaults : "", "note",
                                 d->note ? d->note : "", "library", cli_string(cli_library_of(d->name))));
    return list;
}

/* A transform is read beside a rule. */
tw_status cli_default_choice(const tw_rule *rule, tw_choice *out, tw_error *err)
{
    tw_chain chain;
    if (rule->place == TW_RULE) return tw_rule_read(out, rule->name, NULL, err);
    const int before = rule->place == TW_ON_GRADIENT;
    char spec[TW_SPEC_MAX];
    snprintf(spec, sizeof spec, "%s+%s", before ? rule->name : "sgd", before ? "sgd" : rule->name);
    CLI_TRY(tw_chain_read(&chain, spec, NULL, err));
    *out = chain.link[!before];
    return TW_OK;
}

const char *cli_place_text(tw_place place)
{
    static const char *const texts[] = {"a rule", "the gradient", "the step", "the weights"};
    return texts[place];
}

static json_t *rule_json(const tw_rule *rule)
{
    tw_choice choice;
    tw_error why;
    char equation[4096];
    if (cli_default_choice(rule, &choice, &why) != TW_OK) return NULL;
    tw_equation_text(&choice, equation, sizeof equation);
    json_t *state = json_array();
    for (int i = 0; i < choice.rule->n_slots; i++)
        if (choice.slots >> i & 1) state = cli_add(state, json_string(choice.rule->slots[i].name));
    json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "name", rule->name, "paper", rule->paper,
                            "use", rule->use, "equation", equation, "options",
                            cli_options_json(choice.rule->n_options, choice.rule->options, NULL), "state",
                            state, "dialects", cli_dialects_json(rule->dialects, rule->name));
    if (rule->place != TW_RULE) all = cli_put(all, "place", json_string(cli_place_text(rule->place)));
    return all;
}

tw_status cli_rules_json(const tw_rule *(*at)(size_t i), tw_error *err)
{
    json_t *all = json_array();
    const tw_rule *rule;
    for (size_t i = 0; (rule = at(i)) != NULL; i++) all = cli_add(all, rule_json(rule));
    return cli_print_json(all, err);
}

json_t *cli_schedule_json(const tw_schedule *s)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "name", s->name, "paper", s->paper, "equation",
                     s->equation, "use", s->use, "example", s->example, "options",
                     cli_options_json(s->n_options, s->options, NULL));
}
