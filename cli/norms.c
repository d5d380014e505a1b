/* The norms of a run's tensors as a table.
 * SPDX-License-Identifier: MIT */
#include "norms.h"
#include "cli.h"
#include "table.h"
#include <math.h>

static const char *number(double x, char to[CLI_CELL])
{
    if (isnan(x)) return "-";
    snprintf(to, CLI_CELL, "%.4g", x);
    return to;
}

static const char *cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const tw_run *run = of;
    size_t n;
    tw_norms norms;
    const tw_tensor *tensors = tw_run_tensors(run, &n);
    if (row >= n || tw_run_norms(run, row, &norms, NULL) != TW_OK) return NULL;
    if (column == 0) return tensors[row].name;
    return number(column == 1 ? norms.gradient : norms.weights, to);
}

void cli_print_norms(FILE *to, const tw_run *run)
{
    static const char *const heads[] = {"norms", "gradient", "weights", NULL};
    cli_print_table(to,
                    &(struct cli_table){.heads = heads, .cell = cell, .of = run, .indent = 2, .numbers = 6},
                    cli_columns(to, 0));
}
