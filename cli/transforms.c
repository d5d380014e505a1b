/* thalweg transforms: what may be joined to a rule.
 * SPDX-License-Identifier: MIT */
#include "describe.h"

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const tw_rule *rule;
    if (common->json) return cli_rules_json(tw_transform_at, err);
    printf("%-16s  %-12s  %-16s  %s\n", "transform", "works on", "state per weight", "from");
    for (size_t i = 0; (rule = tw_transform_at(i)) != NULL; i++) {
        tw_choice choice;
        char state[100];
        CLI_TRY(cli_default_choice(rule, &choice, err));
        cli_slots_text(rule, choice.slots, state, sizeof state);
        printf("%-16s  %-12s  %-16s  %s\n", rule->name, cli_place_text(rule->place), state, rule->paper);
    }
    return TW_OK;
}

const struct cli_command cli_command_transforms = {
    .name = "transforms", .usage = "[--json]", .help = "list what may be joined to a rule (--optimizer \"clip_norm+adam+ema\")",
    .examples = "thalweg transforms\nthalweg explain ema", .options = cli_list_options, .size = sizeof(struct cli_common), .run = run,
};
