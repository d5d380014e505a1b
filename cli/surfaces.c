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

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    const tw_surface_kind *k;
    char start[40], least[60];
    if (common->json) {
        json_t *all = json_array();
        for (size_t i = 0; (k = tw_surface_kind_at(i)) != NULL; i++) json_array_append_new(all, cli_surface_json(k));
        return cli_print_json(all, err);
    }
    printf("%-16s  %-12s  %-30s  %s\n", "surface", "start", "least", "formula");
    for (size_t i = 0; (k = tw_surface_kind_at(i)) != NULL; i++) {
        snprintf(start, sizeof start, "(%g, %g)", k->start[0], k->start[1]);
        printf("%-16s  %-12s  %-30s  %s\n", k->name, start, least_text(k, least, sizeof least), k->formula);
    }
    return TW_OK;
}

const struct cli_command cli_command_surfaces = {
    .name = "surfaces", .usage = "[--json]", .help = "list the test surfaces", .examples = "thalweg surfaces\nthalweg explain beale",
    .options = cli_list_options, .size = sizeof(struct cli_common), .run = run,
};
