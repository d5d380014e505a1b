/* thalweg models: the networks that have a name.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <thalweg/model.h>

static const struct cli_option options[] = { CLI_JSON, CLI_END };

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const char *name, *network;
    json_t *all = json_array();
    if (!common->json) printf("%-10s  %s\n", "model", "network");
    for (size_t i = 0; (name = tw_model_preset(i, &network)) != NULL; i++) {
        if (common->json) json_array_append_new(all, json_pack("{s:s, s:s}", "name", name, "network", network));
        else printf("%-10s  %s\n", name, network);
    }
    if (common->json) return cli_print_json(all, err);
    json_decref(all);
    return TW_OK;
}

const struct cli_command cli_command_models = {
    .name = "models", .usage = "[--json]", .help = "list the networks that have a name (--model)", .examples = "thalweg models",
    .options = options, .size = sizeof(struct cli_common), .run = run,
};
