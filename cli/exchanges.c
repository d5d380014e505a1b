/* thalweg exchanges: every exchange.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include <thalweg/train.h>

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const tw_exchange *e;
    if (!common->json) {
        cli_print_names("exchange", "help", tw_exchange_name);
        return TW_OK;
    }
    json_t *all = json_array();
    for (size_t i = 0; (e = tw_exchange_at(i)) != NULL; i++) all = cli_add(all, cli_exchange_json(e));
    return cli_print_json(all, err);
}

const struct cli_command cli_command_exchanges = {
    .name = "exchanges",
    .usage = "[--json]",
    .help = "list the exchanges (--exchange)",
    .examples = "thalweg exchanges\nthalweg explain ps:sync=ssp",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
