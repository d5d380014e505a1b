/* thalweg explain: what a rule or a schedule does, with every hyperparameter as this spec sets it.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include "explain.h"
#include <string.h>

static const struct cli_explain initial = { .steps = 1000, .base = 1 };

static const struct cli_option options[] = {
    { "steps", 0, CLI_NATURAL, offsetof(struct cli_explain, steps), "N", 1, 1000000, "length of the run under a schedule (1000)" },
    { "base", 0, CLI_REAL, offsetof(struct cli_explain, base), "X", 0, 0, "the hyperparameter's value without the schedule (1)" },
    CLI_JSON, CLI_END
};

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

static tw_status run(const struct cli_call *call, tw_error *err)
{
    static const char *const of_schedules[] = { "steps", "base" };
    const char *spec = call->word[0];
    if (cli_is_schedule(spec)) return cli_explain_schedule(call->values, spec, err);
    for (size_t i = 0; i < sizeof of_schedules / sizeof of_schedules[0]; i++)
        if (cli_given(call, of_schedules[i])) return cli_fail(err, TW_ERR_SPEC, "--%s has a meaning for schedules only, and this is a rule", of_schedules[i]);
    return explain_rule(call->values, spec, err);
}

const struct cli_command cli_command_explain = {
    .name = "explain", .usage = "SPEC [--steps N] [--base X] [--json]", .help = "equation, hyperparameters and memory of a rule or schedule",
    .examples = "thalweg explain adam\nthalweg explain sgd@torch:momentum=0.9\nthalweg explain \"warmup/100;cosine\" --steps 2000",
    .least = 1, .most = 1, .options = options, .size = sizeof(struct cli_explain), .initial = &initial, .run = run,
};
