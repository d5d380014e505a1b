/* A race's progress on the terminal, and the worker processes that share its runs.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_WORKERS_H
#define CLI_WORKERS_H
#include "cli.h"
#include <thalweg/race.h>

/* A line for every epoch, or run on a surface; on a terminal each replaces the one before and says when the
 * race may end, and what diverged stays. */
struct race_progress {
    int quiet, live, shown;
    /* where a worker writes its lines; -1: this process shows them itself */
    int pipe;
    /* the clock's seconds; runs to make and made since then; of the run that is made */
    double start, left, made, share;
};
void race_start(struct race_progress *show, size_t left);
int race_event(void *show, const tw_race_event *event);
void race_clear(struct race_progress *show);

/* Lets `jobs` copies of this process, each with so many threads, make what is left of the race in a folder;
 * TW_STOPPED after a signal. Nobody may hold a context here: a copy has no threads but the one that made
 * it. */
tw_status race_jobs(const struct cli_common *common, const char *directory, uint64_t jobs, uint64_t threads,
                    struct race_progress *show, tw_error *err);
#endif
