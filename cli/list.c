/* Printing a registry of names with one text each.
 * SPDX-License-Identifier: MIT */
#include "cli.h"

const struct cli_option cli_list_options[] = { CLI_JSON, CLI_END };

tw_status cli_print_list(const struct cli_call *call, const char *heading, const char *key, const char *(*at)(size_t i, const char **text), tw_error *err)
{
    const struct cli_common *common = call->values;
    const char *name, *text;
    json_t *all = json_array();
    if (!common->json) printf("%-12s  %s\n", heading, key);
    for (size_t i = 0; (name = at(i, &text)) != NULL; i++) {
        if (common->json) json_array_append_new(all, json_pack("{s:s, s:s}", "name", name, key, text));
        else printf("%-12s  %s\n", name, text);
    }
    if (common->json) return cli_print_json(all, err);
    json_decref(all);
    return TW_OK;
}
