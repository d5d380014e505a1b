/* Several processes of the program: what a launcher says of them, and what links them.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_LAUNCHER_H
#define CLI_LAUNCHER_H
#include <limits.h>
#include <stddef.h>
#include <thalweg/link.h>
#include <thalweg/registry.h>

/* mpi: of the plug-in's name. here: processes on this machine, as far as that is known. */
struct cli_launcher {
    const char *mpi;
    size_t ranks, rank, here;
};
/* Whether a launcher has started this process with others. */
int cli_launched(struct cli_launcher *out);
/* The plug-in for an MPI, in THALWEG_PLUGINS if that is set, else beside the program or where it is
 * installed; 0: there is none, and `to` is a place where it could be. */
int cli_find_plugin(const char *mpi, char to[PATH_MAX]);
/* *link: NULL, or to the processes that were started with this one, for a run over the exchange *exchange,
 * which then is one on mpi, perhaps in `text`. resumed: it is that of the run that continues. */
tw_status cli_open_link(tw_context *ctx, int resumed, const char **exchange, char text[TW_SPEC_MAX],
                        tw_link **link, tw_error *err);
#endif
