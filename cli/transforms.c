/* thalweg transforms: what may be joined to a rule.
 * SPDX-License-Identifier: MIT */
#include "describe.h"

static const char *cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const tw_rule *rule = tw_transform_at(row);
    tw_choice choice;
    tw_error why;
    (void)of;
    if (!rule || column == 0) return rule ? rule->name : NULL;
    if (column == 1) return cli_place_text(rule->place);
    if (column == 3) return rule->paper;
    if (cli_default_choice(rule, &choice, &why) != TW_OK) return "";
    cli_slots_text(rule, choice.slots, to, CLI_CELL);
    return to;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    static const char *const heads[] = {"transform", "works on", "state per weight", "from", NULL};
    if (common->json) return cli_rules_json(tw_transform_at, err);
    cli_print_table(stdout, &(struct cli_table){.heads = heads, .cell = cell}, cli_columns(stdout, 0));
    return TW_OK;
}

const struct cli_command cli_command_transforms = {
    .name = "transforms",
    .usage = "[--json]",
    .help = "list what may be joined to a rule (--optimizer \"clip_norm+adam+ema\")",
    .examples = "thalweg transforms\nthalweg explain ema",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
