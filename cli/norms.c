/* The norms of a run's tensors as a table.
 * SPDX-License-Identifier: MIT */
#include "norms.h"
#include "cli.h"
#include "table.h"
#include <math.h>

static const char *number(double x, char to[CLI_CELL])
{
    if (isnan(x)) return "nan";
    snprintf(to, CLI_CELL, "%.4g", x);
    return to;
}

static const char *run_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const tw_run *run = of;
    size_t n;
    tw_norms norms;
    const tw_tensor *tensors = tw_run_tensors(run, &n);
    if (row >= n || tw_run_norms(run, row, &norms, NULL) != TW_OK) return NULL;
    if (column == 0) return tensors[row].name;
    if (column == 1 && isnan(norms.gradient)) return "-";
    return number(column == 1 ? norms.gradient : norms.weights, to);
}

void cli_print_norms(FILE *to, const tw_run *run)
{
    static const char *const heads[] = {"norms", "gradient", "weights", NULL};
    cli_print_table(
        to, &(struct cli_table){.heads = heads, .cell = run_cell, .of = run, .indent = 2, .numbers = 6},
        cli_columns(to, 0));
}

struct replayed {
    const tw_replay *replay;
    const tw_replay_info *info;
};

static const char *replay_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct replayed *r = of;
    double norm[TW_REPLAY_PARTS];
    if (row >= r->info->n_tensors || tw_replay_norms(r->replay, row, norm, NULL) != TW_OK) return NULL;
    if (column == 0) return r->info->tensors[row].name;
    return r->info->has[column - 1] ? number(norm[column - 1], to) : "-";
}

void cli_print_replayed(const tw_replay *replay, const tw_replay_info *info)
{
    static const char *const heads[] = {"norms", "weights", "gradient", "update", NULL};
    const struct replayed r = {replay, info};
    cli_print_table(stdout, &(struct cli_table){.heads = heads, .cell = replay_cell, .of = &r, .numbers = 14},
                    cli_columns(stdout, 0));
}
