/* thalweg controls: every control.
 * SPDX-License-Identifier: MIT */
#include "describe.h"

static const char *at(size_t i, const char **help)
{
    const tw_control *c = tw_control_at(i);
    *help = c ? c->help : NULL;
    return c ? c->name : NULL;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const tw_control *c;
    if (!common->json) {
        cli_print_names("control", "help", at);
        return TW_OK;
    }
    json_t *all = json_array();
    for (size_t i = 0; (c = tw_control_at(i)) != NULL; i++) all = cli_add(all, cli_control_json(c));
    return cli_print_json(all, err);
}

const struct cli_command cli_command_controls = {
    .name = "controls",
    .usage = "[--json]",
    .help = "list the controls (--control)",
    .examples = "thalweg controls\nthalweg explain plateau",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
