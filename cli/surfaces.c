/* thalweg surfaces: every surface that has a name.
 * SPDX-License-Identifier: MIT */
#include "describe.h"

/* "0 at (3, 0.5)", "0 at 4 points", "unbounded" */
static const char *least_text(const tw_surface_kind *k, char *to, size_t size)
{
    if (!k->n_minima) snprintf(to, size, "unbounded");
    else if (k->n_minima > 1) snprintf(to, size, "%g at %d points", k->least, k->n_minima);
    else snprintf(to, size, "%g at (%g, %g)", k->least, k->minima[0][0], k->minima[0][1]);
    return to;
}

static const char *cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const tw_surface_kind *k = tw_surface_kind_at(row);
    (void)of;
    if (!k || column == 0) return k ? k->name : NULL;
    if (column == 2) return least_text(k, to, CLI_CELL);
    if (column == 3) return k->formula;
    snprintf(to, CLI_CELL, "(%g, %g)", k->start[0], k->start[1]);
    return to;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    static const char *const heads[] = {"surface", "start", "least", "formula", NULL};
    const tw_surface_kind *k;
    if (!common->json) {
        cli_print_table(stdout, &(struct cli_table){.heads = heads, .cell = cell}, cli_columns(stdout, 0));
        return TW_OK;
    }
    json_t *all = json_array();
    for (size_t i = 0; (k = tw_surface_kind_at(i)) != NULL; i++) all = cli_add(all, cli_surface_json(k));
    return cli_print_json(all, err);
}

const struct cli_command cli_command_surfaces = {
    .name = "surfaces",
    .usage = "[--json]",
    .help = "list the test surfaces",
    .examples = "thalweg surfaces\nthalweg explain beale",
    .options = cli_list_options,
    .size = sizeof(struct cli_common),
    .run = run,
};
