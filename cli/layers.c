/* thalweg layers: every layer a network can be made of.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <thalweg/model.h>

static const char *at(size_t i, const char **help)
{
    const char *usage;
    return tw_layer_type(i, &usage, help) ? usage : NULL;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const char *name, *usage, *help;
    if (!common->json) {
        cli_print_names("layer", "help", at);
        return TW_OK;
    }
    json_t *all = json_array();
    for (size_t i = 0; (name = tw_layer_type(i, &usage, &help)) != NULL; i++)
        all = cli_add(all, json_pack("{s:s, s:s, s:s}", "name", name, "usage", usage, "help", help));
    return cli_print_json(all, err);
}

const struct cli_command cli_command_layers = {
    .name = "layers",
    .usage = "[--json]",
    .help = "list the layers of networks (--model)",
    .examples = "thalweg layers",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
