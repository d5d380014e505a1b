/* thalweg exchanges: every exchange.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <thalweg/train.h>

static tw_status run(const struct cli_call *call, tw_error *err)
{
    return cli_print_list(call, "exchange", "help", tw_exchange_name, err);
}

const struct cli_command cli_command_exchanges = {
    .name = "exchanges",
    .usage = "[--json]",
    .help = "list the exchanges (--exchange)",
    .examples = "thalweg exchanges",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
