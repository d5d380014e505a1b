/* The progress of a run, on stderr: a live line on a terminal, one line per epoch everywhere.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H
#include "run_log.h"
#include <stdio.h>
#include <thalweg/train.h>

struct progress {
    uint64_t epochs, batch;
    int quiet, live;                  /* live: stderr is a terminal */
    int shown;                        /* columns the live line takes now */
    double start, epoch_start, drawn; /* seconds of the clock */
    /* steps of the whole run: where we began, are, and the epoch began */
    uint64_t first, done, epoch_first;
    struct run_log *log;
    int details; /* 1: after each epoch's line also the norms of the tensors and what workers did */
    /* which SIGUSR1 and SIGUSR2 make write a checkpoint */
    tw_job *job;
};

void progress_start(struct progress *p, uint64_t epochs, uint64_t batch, int quiet, struct run_log *log);
/* for tw_run_options.event; non-zero after SIGINT, SIGTERM or SIGHUP */
int progress_event(void *progress, const tw_event *event);
const char *progress_time(double seconds, char *to, size_t n); /* "42s", "3m05s", "2h10m" */
void progress_clear(struct progress *p);                       /* takes the live line away */
#endif
