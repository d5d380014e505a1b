/* One run of a race while it is made, on data (run.c) or on a surface (walk.c).
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_RUN_H
#define TW_RACE_RUN_H
#include "race/race.h"

typedef struct tw__run_recorder {
    tw_race *race;
    const tw__entry *entry;
    tw__race_run *run;
    uint64_t number;                                    /* of the place */
    int is_trial;
    const char *spec;                                   /* as it runs */
    uint64_t step, every;                               /* done in this epoch; steps between two points of the trace */
    double loss, weight;                                /* running mean of this epoch, and the weight of its rows */
    double last_sum, last_weight;                       /* of this epoch up to the last point of the trace */
    int stop;                                           /* the caller's event asked for it */
    tw_error why;                                       /* what ended the run */
} tw__run_recorder;

/* The loop's events on their way to the race's caller. */
int tw__recorder_event(void *user, const tw_event *event);
/* What every run keeps; s is how its steps ended, with w->why. A run that diverged is a result like any other: TW_OK. */
tw_status tw__recorder_end(tw__run_recorder *w, tw_run *run, tw_status s, tw_error *err);

/* walk.c: the run on a surface. */
tw_status tw__run_surface(tw__run_recorder *w, tw__problem *problem, tw_error *err);
#endif
