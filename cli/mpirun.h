/* Launchers of MPI on this machine.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_MPIRUN_H
#define CLI_MPIRUN_H
#include "cli.h"

struct mpirun {
    const char *mpi; /* of the plug-in's name */
    char program[PATH_MAX];
    const char *name; /* without its folder */
};
/* One for which there is a plug-in, of this MPI or, with NULL, of any; TW_ERR_NOT_FOUND says what is missing,
 * and what brings it. */
tw_status cli_find_mpirun(const char *mpi, struct mpirun *out, tw_error *err);
/* The launcher's part of the command that starts the program n times, with room for `more` words and NULL at
 * its end; *used is how many words there are. options: words with spaces between them, or NULL; they are
 * copied into *text. The caller frees *argv and *text. */
struct mpirun_options {
    uint64_t processes;
    const char *hostfile, *words;
};
tw_status cli_mpirun_line(const struct mpirun *by, const struct mpirun_options *o, size_t more,
                          const char ***argv, char **text, size_t *used, tw_error *err);
#endif
