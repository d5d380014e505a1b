/* docs/rules.md: every rule from its tables. The decay's lines and options, the same wherever they are, are
 * said once at the top.
 * SPDX-License-Identifier: MIT */
#include "rule_text.h"
#include <string.h>

/* The options that the template adds, by which a rule with its decay is known. */
static int is_decay(const tw_rule *rule, const char *option, size_t n)
{
    static const char *const names[] = {"weight_decay", "wd_mode", "wd_mask", "maximize"};
    if (tw_rule_option(rule, "wd_mask") < 0) return 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == n && strncmp(names[i], option, n) == 0) return 1;
    return 0;
}

/* The lines with their conditions behind them; decay: those of the decay alone, or all others. */
static void print_equation(const tw_rule *rule, int decay)
{
    puts("```");
    for (const char *line = rule->equation; *line;) {
        size_t n = strcspn(line, "\n"), condition = line[0] == '[' ? strcspn(line, "]") : 0;
        const char *text = condition ? line + condition + 1 + strspn(line + condition + 1, " ") : line;
        int width = (int)(line + n - text);
        if ((condition && is_decay(rule, line + 1, strcspn(line + 1, ",=!]"))) == decay) {
            if (condition) printf("%-*.*s  if %.*s\n", 60, width, text, (int)condition - 1, line + 1);
            else printf("%.*s\n", width, text);
        }
        line += n + (line[n] == '\n');
    }
    puts("```\n");
}

enum { DIALECTS = 16 };
struct column {
    const char *name;
    tw_choice choice;
};

/* The dialects that are this rule and change a default. */
static tw_status changed_columns(const tw_rule *rule, const tw_choice *plain, struct column to[DIALECTS],
                                 int *n, tw_error *err)
{
    *n = 0;
    for (const tw_dialect *d = rule->dialects; d && d->name && *n < DIALECTS; d++) {
        char spec[TW_SPEC_MAX];
        snprintf(spec, sizeof spec, "%s@%s", rule->name, d->name);
        to[*n].name = d->name;
        CLI_TRY(tw_rule_read(&to[*n].choice, spec, NULL, err));
        if (!d->rule && memcmp(to[*n].choice.values, plain->values, sizeof plain->values) != 0) ++*n;
    }
    return TW_OK;
}

static void print_options(const tw_choice *plain, const struct column *columns, int n)
{
    const tw_rule *rule = plain->rule;
    char text[TW_VALUE_MAX];
    printf("| option | default |");
    for (int k = 0; k < n; k++) printf(" %s |", columns[k].name);
    printf(" range | what it does |\n|---|---|");
    for (int k = 0; k < n; k++) printf("---|");
    puts("---|---|");
    for (int i = 0; i < rule->n_options; i++) {
        const tw_option *o = &rule->options[i];
        int shown = !is_decay(rule, o->name, strlen(o->name)) || plain->values[i] != o->initial;
        for (int k = 0; k < n; k++) shown |= columns[k].choice.values[i] != o->initial;
        if (!shown) continue;
        printf("| `%s` | %s |", o->name, tw_option_text(o, plain->values[i], text));
        for (int k = 0; k < n; k++)
            printf(" %s |", columns[k].choice.values[i] != plain->values[i]
                                ? tw_option_text(o, columns[k].choice.values[i], text)
                                : "");
        printf(" %s | %s |\n", tw_option_bounds(o, text), o->help);
    }
    if (is_decay(rule, "wd_mask", 7))
        puts(tw_rule_option(rule, "wd_mode") < 0
                 ? "\nAnd of the decay weight_decay (coupled), wd_mask and maximize."
                 : "\nAnd the decay's options.");
    putchar('\n');
}

static void print_dialects(const tw_rule *rule)
{
    int any = 0;
    for (const tw_dialect *d = rule->dialects; d && d->name; d++) {
        const int changes = d->defaults && *d->defaults, noted = d->note && *d->note;
        printf("- `%s@%s`", rule->name, d->name);
        if (d->rule) printf(" is `%s%s%s`", d->rule, changes ? ":" : "", changes ? d->defaults : "");
        else if (changes) printf(": `%s`", d->defaults);
        else printf(" has the defaults");
        printf("%s%s\n", noted ? "; " : "", noted ? d->note : "");
        any = 1;
    }
    if (any) putchar('\n');
}

static tw_status print_rule(const tw_rule *rule, tw_error *err)
{
    tw_choice plain;
    struct column columns[DIALECTS];
    char state[100], memory[160];
    int n;
    CLI_TRY(cli_default_choice(rule, &plain, err));
    CLI_TRY(changed_columns(rule, &plain, columns, &n, err));
    printf("## %s\n\n%s.\n\n%s\n\n", rule->name, rule->paper, rule->use);
    if (rule->place != TW_RULE) printf("Works on %s.\n\n", cli_place_text(rule->place));
    if (rule->like) printf("It is `%s:%s`.\n\n", rule->like, rule->defaults);
    else print_equation(rule, 0);
    print_options(&plain, columns, n);
    cli_slots_text(plain.rule, plain.slots, state, sizeof state);
    if (plain.slots) printf("Keeps %s: %s.\n\n", state, cli_memory_text(&plain, memory));
    else puts("Keeps nothing per weight with its defaults.\n");
    print_dialects(rule);
    return TW_OK;
}

static void print_libraries(void)
{
    puts(
        "## The dialects\n\nA dialect is the rule as a library or a source has it, with its defaults. Without one a rule has the form and the defaults of the\n"
        "page below; `paper` is the paper's, `source000` to `source004` are those of the source documents (docs/sources.md).\n");
    puts("| dialect | library |\n|---|---|");
    for (const struct cli_library *l = cli_libraries; l->dialect; l++)
        printf("| `%s` | %s |\n", l->dialect, l->library);
    puts(
        "\nThe package keras 2.4 to 2.15 is the tf.keras of its time. optax has no default for lr: the rule's is taken.\n"
        "What Keras 2 and tf.keras call `decay` is the schedule `inverse_time:decay_rate=...` here.\n");
}

static void print_head(void)
{
    const tw_rule *rule = tw_rule_find("sgd");
    char text[TW_VALUE_MAX];
    puts(
        "<!-- Written by `thalweg rules --markdown` (tests/contracts/update); do not edit. -->\n# Update rules\n\n"
        "A rule is named as NAME, NAME@DIALECT or with options, NAME:option=value,option=value; `thalweg explain` prints the equation as it is\n"
        "computed with the values given, and `thalweg explain --diff` shows where two rules part.\n\n"
        "w: the weight, g: its gradient, t: the step, from 1. What a rule keeps begins at 0 unless it is said otherwise, 0/0 is 0, and all is per\n"
        "weight. A line with `if` holds only with these options. An empty cell of a dialect's column is the default.\n");
    print_libraries();
    puts("## The decay\n\nMost rules have these options, and these lines before their own:\n");
    print_equation(rule, 1);
    puts("| option | default | range | what it does |\n|---|---|---|---|");
    for (int i = 0; i < rule->n_options; i++) {
        const tw_option *o = &rule->options[i];
        if (!is_decay(rule, o->name, strlen(o->name))) continue;
        printf("| `%s` | %s ", o->name, tw_option_text(o, o->initial, text));
        printf("| %s | %s |\n", tw_option_bounds(o, text), o->help);
    }
    putchar('\n');
}

tw_status cli_rules_markdown(tw_error *err)
{
    const tw_rule *rule;
    print_head();
    for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++) CLI_TRY(print_rule(rule, err));
    puts(
        "# Transforms\n\n"
        "Joined to a rule by +, in the order in which they work: `clip_global_norm:max=1+adam:lr=1e-3+lookahead+ema:decay=0.999`. Those of the\n"
        "gradient come before the rule, a limit of the step right after it, then those of the weights, of which one may change what is\n"
        "reported. Their hyperparameters can have schedules too: `ema.decay=...`.\n");
    for (size_t i = 0; (rule = tw_transform_at(i)) != NULL; i++) CLI_TRY(print_rule(rule, err));
    return TW_OK;
}
