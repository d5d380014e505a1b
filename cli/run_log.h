/* The log of a run (--log): its file, and what is written there while it runs.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_RUN_LOG_H
#define CLI_RUN_LOG_H
#include <limits.h>
#include <thalweg/run_log.h>

struct run_log_options {
    const char *path; /* NULL: there is no log */
    uint64_t every;   /* updates; 0: epochs alone */
    int norms;        /* 1: entries have the norms of the tensors, too */
};

struct run_log {
    struct run_log_options o;
    char directory[PATH_MAX]; /* that was made for it, or "" */
    char file[PATH_MAX];
    enum tw_run_log format;
    char *bytes; /* of an entry */
    int fd, made, error;
    double lr;     /* of the next update */
    uint64_t step; /* updates of the run that were looked at */
};

/* Opens the file, so that it is known before there is a run that it can be written: a CSV table where its
 * name ends with .csv, TensorBoard's events in a directory, else lines of JSON. resumed: 0: a table or events
 * that are there already are refused. */
tw_status run_log_open(struct run_log *log, const struct run_log_options *given, int resumed, tw_error *err);
/* Takes back what the run will write again, and writes the head. run NULL: it is over, and writes nothing. */
tw_status run_log_begin(struct run_log *log, tw_run *run, int resumed, tw_error *err);
void run_log_event(struct run_log *log, tw_run *run, const tw_event *event);
/* Of a run that ended with `status`: what could not be written is an error of one that ended well. */
tw_status run_log_close(struct run_log *log, tw_status status, tw_error *err);
/* Of a run that there will not be: the file is as it was. */
void run_log_undo(struct run_log *log);
#endif
