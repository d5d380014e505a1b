/* thalweg solvers: every solver.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include <thalweg/solver.h>

static const char *at(size_t i, const char **help)
{
    const tw_solver *s = tw_solver_at(i);
    *help = s ? s->help : NULL;
    return s ? s->name : NULL;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const tw_solver *s;
    if (!common->json) {
        cli_print_names("solver", "help", at);
        return TW_OK;
    }
    json_t *all = json_array();
    for (size_t i = 0; (s = tw_solver_at(i)) != NULL; i++) all = cli_add(all, cli_solver_json(s));
    return cli_print_json(all, err);
}

const struct cli_command cli_command_solvers = {
    .name = "solvers",
    .usage = "[--json]",
    .help = "list the solvers (--solver)",
    .examples = "thalweg solvers\nthalweg explain lbfgs",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
