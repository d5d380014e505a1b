/* libthalweg. Schedules: what a schedule file (src/schedules) declares, and what programs that list schedules
 * read (registry.h). A schedule is a pure function of the steps done and keeps nothing, so that a run can
 * resume at any step. To use one, name it in tw_optimizer_options.schedule.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_SCHEDULE_H
#define THALWEG_SCHEDULE_H
#include <thalweg/rule.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_formula tw_formula;

/* Where in a piece of a schedule a value is wanted. */
typedef struct tw_instant {
    /* steps done in this piece, at most 2^53; may exceed `length` in the last piece */
    uint64_t s;
    /* The length option, or the piece's "/steps", or the rest of the run, at most 2^53; 0 in the last piece
     * of a schedule that needs no length. */
    uint64_t length;
    double base;     /* the hyperparameter's value in the rule's spec */
    const double *h; /* the schedule's options, in the order of the table */
    /* h[i] of a TW_LIST is the index of a count in here, and the numbers follow it; an empty list was not
     * given */
    const double *lists;
    const tw_formula *formula; /* of the TW_FORMULA; NULL: the table has none */
} tw_instant;

typedef struct tw_schedule {
    size_t size;              /* sizeof(tw_schedule) */
    const char *name, *paper; /* paper may be "" */
    const char *equation;     /* lines separated by newlines */
    const char *use;          /* when to take it: one sentence */
    const char *example;      /* a spec that shows it over 1000 steps */
    int n_options;
    const tw_option *options;
    const tw_alias *aliases; /* ends with a NULL alias; may be NULL */
    /* the option that gives the length if it is not 0; -1: this schedule needs no length */
    int length_option;
    double (*rate)(const tw_instant *now); /* the hyperparameter's value */
    /* The next two are called when a spec is read, with base 0, and may be NULL. s is the number of steps
     * that the run leaves to the piece, 0 if unknown; length is 0 in ineffective. */
    /* why this option has no effect with the others, or NULL */
    const char *(*ineffective)(const tw_instant *piece, int option);
    /* refuses options that are allowed alone but not together */
    tw_status (*check)(const tw_instant *piece, tw_error *err);
    /* tw_piece.span; NULL: the length option, if it is given */
    uint64_t (*span)(const tw_instant *piece);
} tw_schedule;

#ifdef __cplusplus
}
#endif
#endif
