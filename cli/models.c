/* thalweg models: the networks that have a name.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <thalweg/model.h>

static tw_status run(const struct cli_call *call, tw_error *err)
{
    return cli_print_list(call, "model", "network", tw_model_preset, err);
}

const struct cli_command cli_command_models = {
    .name = "models",
    .usage = "[--json]",
    .help = "list the networks that have a name (--model)",
    .examples = "thalweg models",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
