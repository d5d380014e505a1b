/* libthalweg-train. Controls that monitor a run, by name: for programs that list them or check a spec. To use
 * some, name them in tw_run_options.control. plateau lowers the learning rate by a metric at an epoch's end,
 * early_stop ends the run by one; armijo searches the length of every step. Their factors on lr are
 * multiplied with each other and with the schedule.
 *
 * Nothing here allocates or keeps anything, so any thread may call it at any time. Descriptors live as long
 * as the program.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_CONTROL_H
#define THALWEG_CONTROL_H
#include <thalweg/registry.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_control {
    size_t size;                           /* sizeof(tw_control) */
    const char *name, *help, *paper, *use; /* use: when to use it, one sentence */
    const char *equation;                  /* lines separated by newlines */
    int n_options;
    const tw_option *options;
    const tw_alias *aliases;    /* ends with a NULL alias; may be NULL */
    const tw_dialect *dialects; /* ends with a NULL name; may be NULL */
    int every_step;             /* 1: it acts at every step; 0: at an epoch's end */
    /* why this option has no effect with these values, or NULL; may be NULL */
    const char *(*ineffective)(const double *h, int option);
} tw_control;

/* entry i of the list; NULL past its end */
TW_API const tw_control *tw_control_at(size_t i);
TW_API const tw_control *tw_control_find(const char *name); /* NULL if there is none */

/* What a control's spec says. */
typedef struct tw_control_choice {
    const tw_control *control;
    const tw_dialect *dialect; /* NULL: none was named */
    /* of each option, in the order of the table, defaults and dialect included */
    double values[TW_OPTIONS_MAX];
    /* canonical: no aliases, shortest numbers, defaults left out */
    char spec[TW_SPEC_MAX];
} tw_control_choice;

/* Reads "plateau:factor=0.5,patience=3". TW_ERR_SPEC, with the nearest name as a suggestion: unknown,
 * malformed, out of bounds, given twice or without effect. */
TW_API tw_status tw_control_read(tw_control_choice *out, const char *spec, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
