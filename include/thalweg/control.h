/* libthalweg-train. Controls: things with state that watch a run and act on it. plateau lowers the rate and early_stop ends the run by a metric at
 * an epoch's end; armijo looks for every step's length. Their factors on lr multiply, beside the schedule.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_CONTROL_H
#define THALWEG_CONTROL_H
#include <thalweg/registry.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_control {
    size_t size;                                        /* sizeof(tw_control) */
    const char *name, *help, *paper, *use;              /* use: when to take it, one sentence */
    const char *equation;                               /* lines separated by newlines */
    int n_options;
    const tw_option *options;
    const tw_alias *aliases;                            /* ends with a NULL alias; may be NULL */
    const tw_dialect *dialects;                         /* ends with a NULL name; may be NULL */
    int every_step;                                     /* 1: it acts at every step; 0: at an epoch's end */
    const char *(*ineffective)(const double *h, int option);    /* why this option cannot matter with these values, or NULL; may be NULL */
} tw_control;

TW_API const tw_control *tw_control_at(size_t i);                       /* in the order of the list; NULL past its end */
TW_API const tw_control *tw_control_find(const char *name);             /* NULL if there is none */

/* A control's spec, understood. */
typedef struct tw_control_choice {
    const tw_control *control;
    const tw_dialect *dialect;                          /* NULL: none was named */
    double values[TW_OPTIONS_MAX];                      /* every option, defaults and dialect included */
    char spec[TW_SPEC_MAX];                             /* canonical: known names, shortest numbers, defaults left out */
} tw_control_choice;

/* Reads "plateau:factor=0.5,patience=3". TW_ERR_SPEC, with a suggestion where one is near, for what is unknown, malformed, out of bounds, given
 * twice or without effect. */
TW_API tw_status tw_control_read(tw_control_choice *out, const char *spec, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
