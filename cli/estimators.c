/* thalweg estimators: every estimator.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include <thalweg/estimator.h>

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const tw_estimator *e;
    if (common->json) {
        json_t *all = json_array();
        for (size_t i = 0; (e = tw_estimator_at(i)) != NULL; i++) json_array_append_new(all, cli_estimator_json(e));
        return cli_print_json(all, err);
    }
    printf("%-12s  help\n", "estimator");
    for (size_t i = 0; (e = tw_estimator_at(i)) != NULL; i++) printf("%-12s  %s\n", e->name, e->help);
    return TW_OK;
}

const struct cli_command cli_command_estimators = {
    .name = "estimators", .usage = "[--json]", .help = "list the estimators (--estimator)", .examples = "thalweg estimators\nthalweg explain svrg",
    .options = cli_list_options, .size = sizeof(struct cli_common), .run = run,
};
