/* Printing a registry of names with one text each.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "table.h"

const struct cli_option cli_list_options[] = {CLI_JSON, CLI_END};

struct names {
    cli_names *at;
};

static const char *cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct names *names = of;
    const char *text, *name = names->at(row, &text);
    (void)to;
    return name && column ? text : name;
}

void cli_print_names(const char *heading, const char *key, cli_names *at)
{
    const char *const heads[] = {heading, key, NULL};
    const struct names names = {at};
    cli_print_table(stdout, &(struct cli_table){.heads = heads, .cell = cell, .of = &names},
                    cli_columns(stdout, 0));
}

tw_status cli_print_list(const struct cli_call *call, const char *heading, const char *key, cli_names *at,
                         tw_error *err)
{
    const struct cli_common *common = call->values;
    const char *name, *text;
    if (!common->json) {
        cli_print_names(heading, key, at);
        return TW_OK;
    }
    json_t *all = json_array();
    for (size_t i = 0; (name = at(i, &text)) != NULL; i++)
        all = cli_add(all, json_pack("{s:s, s:s}", "name", name, key, text));
    return cli_print_json(all, err);
}
