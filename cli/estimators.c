/* thalweg estimators: every estimator.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <thalweg/train.h>

static tw_status run(const struct cli_call *call, tw_error *err) { return cli_print_list(call, "estimator", "help", tw_estimator_name, err); }

const struct cli_command cli_command_estimators = {
    .name = "estimators", .usage = "[--json]", .help = "list the estimators (--estimator)", .examples = "thalweg estimators",
    .options = cli_list_options, .size = sizeof(struct cli_common), .run = run,
};
