/* Several processes of the program: what a launcher says of them, and what links them.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_LAUNCHER_H
#define CLI_LAUNCHER_H
#include <limits.h>
#include <stddef.h>

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
#endif
