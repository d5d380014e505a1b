/* thalweg rules: every update rule.
 * SPDX-License-Identifier: MIT */
#include "rule_text.h"

struct values { struct cli_common common; int markdown; };

static const struct cli_option options[] = {
    { "markdown", 0, CLI_FLAG, offsetof(struct values, markdown), NULL, 0, 0, "the whole reference, as docs/rules.md has it" }, CLI_JSON, CLI_END
};

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    const tw_rule *rule;
    tw_choice choice;
    if (v->markdown && v->common.json) return cli_fail(err, TW_ERR_SPEC, "rules prints --markdown or --json, not both");
    if (v->markdown) return cli_rules_markdown(err);
    if (v->common.json) return cli_rules_json(tw_rule_at, err);
    for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++) CLI_TRY(tw_rule_read(&choice, rule->name, NULL, err));
    printf("%-18s  %-20s  %s\n", "rule", "state per weight", "from");
    for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++) {
        char state[100];
        CLI_TRY(tw_rule_read(&choice, rule->name, NULL, err));
        cli_slots_text(choice.rule, choice.slots, state, sizeof state);
        printf("%-18s  %-20s  %s\n", rule->name, state, rule->paper);
    }
    return TW_OK;
}

const struct cli_command cli_command_rules = {
    .name = "rules", .usage = "[--json|--markdown]", .help = "list the update rules (--optimizer)", .examples = "thalweg rules\nthalweg explain adam",
    .options = options, .size = sizeof(struct values), .run = run,
};
