/* libthalweg. Schedules: a hyperparameter's value as a pure function of the steps done. Nothing is remembered, so resuming at any step is exact.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_SCHEDULE_H
#define THALWEG_SCHEDULE_H
#include <thalweg/rule.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_formula tw_formula;

/* Where a piece of a schedule stands. */
typedef struct tw_instant {
    uint64_t s;                 /* steps done in this piece, at most 2^53; may run past `length` in the last piece */
    /* The length option, or the piece's "/steps", or the rest of the run, at most 2^53; where no length is asked for, 0 in the last piece. */
    uint64_t length;
    double base;                /* the hyperparameter's value in the rule's spec */
    const double *h;            /* the schedule's options, in the order of the table */
    const double *lists;        /* h[i] of a TW_LIST is the place in here of a count, behind which the numbers stand; an empty list was not given */
    const tw_formula *formula;  /* the TW_FORMULA; NULL: the table has none */
} tw_instant;

typedef struct tw_schedule {
    size_t size;                /* sizeof(tw_schedule) */
    const char *name, *paper;   /* paper "": common knowledge */
    const char *equation;       /* lines separated by newlines */
    const char *use;            /* when to take it: one sentence */
    const char *example;        /* a spec that shows it over 1000 steps */
    int n_options;
    const tw_option *options;
    const tw_alias *aliases;    /* ends with a NULL alias; may be NULL */
    int length_option;          /* the option that, where it is not 0, gives the length instead of the piece; -1: no length is asked for */
    double (*rate)(const tw_instant *now);
    /* The next two are asked when a spec is read; base is 0 then; s is 0 in ineffective, as is length, and in check the steps that the run leaves to
     * the piece, 0 where these are not known: what would begin later is refused. Both may be NULL. */
    const char *(*ineffective)(const tw_instant *piece, int option);    /* why this option cannot matter with the others, or NULL */
    tw_status (*check)(const tw_instant *piece, tw_error *err);         /* options that are good, each by itself, but not together */
    uint64_t (*span)(const tw_instant *piece);  /* steps that show it: two cycles, every drop; NULL: those of length_option, if they are given */
} tw_schedule;

#ifdef __cplusplus
}
#endif
#endif
