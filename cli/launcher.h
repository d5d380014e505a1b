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
/* thalweg launch reads what the processes that it has had started say of themselves, on a pipe of its own
 * from this machine, as launchers of MPI that end all lose what they have not read yet, and on the error
 * output from others: "thalweg-rank RANK" and
 *     started PID HOST MACHINE
 *     run UPDATES DIRECTORY     rank 0: the run has this folder, and begins after these updates
 *     kept UPDATES              rank 0: there is a checkpoint
 *     ended CODE MESSAGE
 *     gone CODE TIME            of its parent: 128 and the number of a signal, or its exit code */
#define CLI_REPORT "thalweg-rank "
/* Where a PID is that of one process only: machines may have one name, and containers on one machine, too. ""
 * where it cannot be told. */
enum { CLI_MACHINE = 80 };
void cli_this_machine(char to[CLI_MACHINE]);
/* Whether a message tells of another process: that one knows better. */
int cli_is_of_another(const char *message);
/* The variable by which the processes know that they are to: the launcher's "PID:FD:INODE:MACHINE". */
#define CLI_SUPERVISED "THALWEG_LAUNCH"
int cli_is_supervised(void);
/* The rest of the program runs in a child of the one that calls, which waits for it. fd: where the process
 * reports if the launcher runs on another machine; -1: to the error output. */
void cli_be_monitored(size_t rank, int fd);
void cli_report_to(size_t rank, int fd);
/* Nothing without thalweg launch. */
__attribute__((format(printf, 1, 2))) void cli_report(const char *format, ...);
/* "ended": in time for the others, which end when they are told, or after the run of rank 0. */
void cli_report_end(tw_status status, const tw_error *err);
/* *link: NULL, or to the processes that were started with this one, for a run over the exchange *exchange,
 * which then is one on mpi, perhaps in `text`. resumed: it is that of the run that continues. */
tw_status cli_open_link(tw_context *ctx, int resumed, const char **exchange, char text[TW_SPEC_MAX],
                        tw_link **link, tw_error *err);
#endif
