/* One start of a launcher of MPI, from its beginning until nothing of it is left.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_SUPERVISE_H
#define CLI_SUPERVISE_H
#include "cli.h"
#include "launcher.h"

struct supervision {
    /* of each of so many ranks; pid 0: it has not begun */
    uint64_t processes;
    struct started {
        long pid;
        char host[65], machine[CLI_MACHINE];
        int has_ended; /* and has said so */
    } * process;
    uint64_t begun; /* how many have */
    int is_late;    /* one had not within a minute */
    int code;       /* of the launcher; 128 and the number of the signal that ended it */
    /* Rank 0 has the run's folder, with a checkpoint after so many updates. */
    int has_run;
    uint64_t kept;
    char directory[PATH_MAX];
    int is_restart; /* it is said where the run continues */
    /* What the process that ended the run has said of itself; rank_code 0: none has. */
    int rank_code;
    uint64_t rank;
    char why[512];
    /* The first that was gone without a word, how and when; "": none. */
    char lost[200];
    int lost_code;
    double lost_at;
};
/* Runs argv, passes signals on, and fills in what came of it, but for `processes` and `process`, which are
 * given. An error: it could not be run. */
tw_status cli_supervise(char *const *argv, struct supervision *s, tw_error *err);
#endif
