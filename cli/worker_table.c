/* The workers of a run as a table.
 * SPDX-License-Identifier: MIT */
#include "worker_table.h"
#include "cli.h"
#include "table.h"

enum { MOST_ROWS = 8 };

struct shown {
    size_t rows; /* of single workers */
    int columns;
    const tw_worker_info *worker;
    tw_worker_info all;
};

static const char *cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct shown *s = of;
    if (row > s->rows) return NULL;
    const tw_worker_info *w = row < s->rows ? &s->worker[row] : &s->all;
    const double seconds[] = {w->computing, w->waiting, w->exchanging, w->down};
    const int is_last = column == s->columns - 1;
    const double sum = w->computing + w->waiting + w->exchanging + w->down;
    if (column == 0 && row == s->rows) return "all";
    if (column == 0) snprintf(to, CLI_CELL, "%zu", row);
    else if (column == 1) snprintf(to, CLI_CELL, "%llu", (unsigned long long)w->updates);
    else if (is_last) snprintf(to, CLI_CELL, "%.4g", (double)w->bytes / 1e6);
    else snprintf(to, CLI_CELL, "%.1f%%", sum > 0 ? 100 * seconds[column - 2] / sum : 0);
    return to;
}

void cli_print_workers(FILE *to, const tw_run *run)
{
    static const char *const heads[] = {"worker",     "updates", "computing", "waiting",
                                        "exchanging", "down",    "MB sent",   NULL},
                             *const without[] = {"worker",     "updates", "computing", "waiting",
                                                 "exchanging", "MB sent", NULL};
    tw_exchange_info x = {.size = sizeof x};
    if (tw_run_exchange(run, &x, NULL) != TW_OK) return;
    struct shown s = {.rows = x.workers > MOST_ROWS ? 0 : x.workers, .worker = x.worker};
    for (size_t i = 0; i < x.workers; i++) {
        s.all.updates += x.worker[i].updates;
        s.all.computing += x.worker[i].computing;
        s.all.waiting += x.worker[i].waiting;
        s.all.exchanging += x.worker[i].exchanging;
        s.all.down += x.worker[i].down;
        s.all.bytes += x.worker[i].bytes;
    }
    s.columns = s.all.down > 0 ? 7 : 6;
    cli_print_table(to,
                    &(struct cli_table){.heads = s.all.down > 0 ? heads : without,
                                        .cell = cell,
                                        .of = &s,
                                        .indent = 2,
                                        .numbers = 126},
                    cli_columns(to, 0));
}
