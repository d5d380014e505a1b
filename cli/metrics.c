/* thalweg metrics: every metric.
 * SPDX-License-Identifier: MIT */
#include "explain.h"

static tw_status run(const struct cli_call *call, tw_error *err)
{
    return cli_print_list(call, "metric", "help", cli_metric_at, err);
}

const struct cli_command cli_command_metrics = {
    .name = "metrics",
    .usage = "[--json]",
    .help = "list the metrics (eval --metrics)",
    .examples = "thalweg metrics\nthalweg explain auc",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
