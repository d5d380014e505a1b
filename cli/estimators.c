/* thalweg estimators: every estimator.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include <thalweg/estimator.h>

static const char *at(size_t i, const char **help)
{
    const tw_estimator *e = tw_estimator_at(i);
    *help = e ? e->help : NULL;
    return e ? e->name : NULL;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const tw_estimator *e;
    if (!common->json) {
        cli_print_names("estimator", "help", at);
        return TW_OK;
    }
    json_t *all = json_array();
    for (size_t i = 0; (e = tw_estimator_at(i)) != NULL; i++) all = cli_add(all, cli_estimator_json(e));
    return cli_print_json(all, err);
}

const struct cli_command cli_command_estimators = {
    .name = "estimators",
    .usage = "[--json]",
    .help = "list the estimators (--estimator)",
    .examples = "thalweg estimators\nthalweg explain svrg",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
