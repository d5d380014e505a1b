/* thalweg explain: what a rule or a schedule does, with every hyperparameter as this spec sets it.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include <string.h>

static const struct cli_option options[] = { CLI_JSON, CLI_END };

static void print_dialects(const tw_rule *rule)
{
    if (!rule->dialects || !rule->dialects->name) return;
    printf("\ndialects\n");
    for (const tw_dialect *d = rule->dialects; d->name; d++)
        printf("  %s@%-10s  %s%s%s\n", rule->name, d->name, d->rule ? d->rule : "", d->rule && d->defaults && *d->defaults ? ":" : "",
               d->defaults && *d->defaults ? d->defaults : d->rule ? "" : "the defaults");
}

static tw_status explain_rule(const struct cli_common *common, const char *spec, tw_error *err)
{
    tw_choice choice;
    char state[100], bytes[32];
    CLI_TRY(tw_rule_read(&choice, spec, NULL, err));
    const tw_rule *rule = choice.rule;
    int slots = cli_slots_text(rule, choice.slots, state, sizeof state);
    if (common->json) {
        json_t *all = cli_rule_json(rule, err);
        if (!all) return err->code;
        json_object_set_new(all, "spec", cli_string(choice.spec));
        json_object_set_new(all, "options", cli_options_json(rule->n_options, rule->options, choice.values));
        json_t *kept = json_array();
        for (int i = 0; i < rule->n_slots; i++)
            if (choice.slots >> i & 1) json_array_append_new(kept, json_string(rule->slots[i].name));
        json_object_set_new(all, "state", kept);
        return cli_print_json(all, err);
    }
    size_t n = strcspn(choice.spec, "@:");
    printf("%s", choice.spec);
    if (strlen(rule->name) != n || strncmp(rule->name, choice.spec, n)) printf(" (which is the rule %s)", rule->name);
    char equation[2048];
    tw_equation_text(&choice, equation, sizeof equation);
    printf("\n%s\n\nequation\n", rule->paper);
    cli_print_equation(equation);
    if (rule->n_options) puts("\nhyperparameters");
    cli_print_options(rule->n_options, rule->options, choice.values);
    printf("\nstate per weight\n  %s", state);
    if (slots) printf(": %d bytes in f32, %d in f64; for a million f32 weights %s", 4 * slots, 8 * slots, cli_bytes(4e6 * slots, bytes));
    putchar('\n');
    print_dialects(rule);
    return TW_OK;
}

enum { EXAMPLE_STEPS = 1000 };

/* The schedule of the piece at `piece`: behind "key=", up to ":", "/" or the next piece. */
static const tw_schedule *piece_schedule(const char *piece)
{
    char name[40];
    size_t n = strcspn(piece, ":/;=");
    if (piece[n] == '=') {
        piece += n + 1;
        n = strcspn(piece, ":/;");
    }
    snprintf(name, sizeof name, "%.*s", (int)(n < 39 ? n : 39), piece);
    return tw_schedule_find(name);
}

static tw_status explain_schedule(const struct cli_common *common, const char *spec, tw_error *err)
{
    double value[5];
    const char *piece = spec;
    for (int i = 0; i < 5; i++) CLI_TRY(tw_schedule_value(spec, 1.0, (uint64_t)(i * EXAMPLE_STEPS / 4 - (i == 4)), EXAMPLE_STEPS, &value[i], err));
    json_t *all = json_array();
    for (int more = 1; more; piece += more) {
        const tw_schedule *s = piece_schedule(piece);
        if (s && common->json) json_array_append_new(all, cli_schedule_json(s));
        if (s && !common->json) {
            printf("%s%s\n%s%sequation\n", piece == spec ? "" : "\n", s->name, s->paper ? s->paper : "", s->paper && *s->paper ? "\n\n" : "");
            cli_print_equation(s->equation);
            if (s->n_options) puts("\noptions");
            cli_print_options(s->n_options, s->options, NULL);
        }
        piece += strcspn(piece, ";");
        more = *piece == ';';
    }
    if (common->json) return cli_print_json(all, err);
    json_decref(all);
    printf("\n%s over %d steps, as a factor of the start value\n  ", spec, EXAMPLE_STEPS);
    for (int i = 0; i < 5; i++) printf("%sstep %d: %g", i ? "  " : "", i * EXAMPLE_STEPS / 4 - (i == 4), value[i]);
    putchar('\n');
    return TW_OK;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const char *spec = call->word[0];
    char name[40];
    size_t n = strcspn(spec, ":@+/;");
    snprintf(name, sizeof name, "%.*s", (int)(n < 39 ? n : 39), spec);
    int schedule = !tw_rule_find(name) && piece_schedule(spec);
    return schedule ? explain_schedule(call->values, spec, err) : explain_rule(call->values, spec, err);
}

const struct cli_command cli_command_explain = {
    .name = "explain", .usage = "SPEC [--json]", .help = "equation, hyperparameters and memory of a rule or schedule",
    .examples = "thalweg explain adam\nthalweg explain sgd@torch:momentum=0.9\nthalweg explain \"warmup/500;cosine\"",
    .least = 1, .most = 1, .options = options, .size = sizeof(struct cli_common), .run = run,
};
