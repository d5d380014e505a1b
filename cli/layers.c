/* thalweg layers: every layer a network can be made of.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <string.h>
#include <thalweg/model.h>

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const char *name, *usage, *help;
    json_t *all = json_array();
    int width = 5;
    for (size_t i = 0; tw_layer_type(i, &usage, &help); i++)
        if ((int)strlen(usage) > width) width = (int)strlen(usage);
    if (!common->json) printf("%-*s  help\n", width, "layer");
    for (size_t i = 0; (name = tw_layer_type(i, &usage, &help)) != NULL; i++) {
        if (common->json) json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "name", name, "usage", usage, "help", help));
        else printf("%-*s  %s\n", width, usage, help);
    }
    if (common->json) return cli_print_json(all, err);
    json_decref(all);
    return TW_OK;
}

const struct cli_command cli_command_layers = {
    .name = "layers", .usage = "[--json]", .help = "list the layers of networks (--model)", .examples = "thalweg layers",
    .options = cli_list_options, .size = sizeof(struct cli_common), .run = run,
};
