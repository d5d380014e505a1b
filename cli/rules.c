/* thalweg rules: every update rule.
 * SPDX-License-Identifier: MIT */
#include "rule_text.h"

struct values {
    struct cli_common common;
    int markdown;
};

static const struct cli_option options[] = {{"markdown", 0, CLI_FLAG, offsetof(struct values, markdown), NULL,
                                             0, 0, "the whole reference, as docs/rules.md has it"},
                                            CLI_JSON,
                                            CLI_END};

static const char *cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const tw_rule *rule = tw_rule_at(row);
    tw_choice choice;
    (void)of;
    if (!rule || column == 0) return rule ? rule->name : NULL;
    if (column == 2) return rule->paper;
    if (tw_rule_read(&choice, rule->name, NULL, NULL) != TW_OK) return "";
    cli_slots_text(choice.rule, choice.slots, to, CLI_CELL);
    return to;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    static const char *const heads[] = {"rule", "state per weight", "from", NULL};
    if (v->markdown && v->common.json)
        return cli_fail(err, TW_ERR_SPEC, "rules prints --markdown or --json, not both");
    if (v->markdown) return cli_rules_markdown(err);
    if (v->common.json) return cli_rules_json(tw_rule_at, err);
    cli_print_table(stdout, &(struct cli_table){.heads = heads, .cell = cell}, cli_columns(stdout, 0));
    return TW_OK;
}

const struct cli_command cli_command_rules = {
    .name = "rules",
    .usage = "[--json|--markdown]",
    .help = "list the update rules (--optimizer)",
    .examples = "thalweg rules\nthalweg explain adam",
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
