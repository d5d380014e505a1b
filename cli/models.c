/* thalweg models: what has a name for --model, networks and linear models.
 * SPDX-License-Identifier: MIT */
#include "describe.h"

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const char *name, *network;
    const tw_model_kind *kind;
    if (!common->json) {
        cli_print_names("model", "network or description", tw_model_name);
        return TW_OK;
    }
    json_t *all = json_array();
    for (size_t i = 0; (name = tw_model_preset(i, &network)) != NULL; i++)
        all = cli_add(all, json_pack("{s:s, s:s}", "name", name, "network", network));
    for (size_t i = 0; (kind = tw_model_kind_at(i)) != NULL; i++) all = cli_add(all, cli_model_json(kind));
    return cli_print_json(all, err);
}

const struct cli_command cli_command_models = {
    .name = "models",
    .usage = "[--json]",
    .help = "list the models that have a name (--model)",
    .examples = "thalweg models\nthalweg explain logistic",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
