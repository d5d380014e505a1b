/* Making a race's runs: everything is prepared once, then each run is made by itself, on data or on a
 * surface.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_RUN_H
#define TW_RACE_RUN_H
#include "race/race.h"

/* prepare.c: reads the specs and, but for TW__NO_DATA, opens the data and creates every entry's run once, so
 * that errors come first. */
enum tw__data_use {
    TW__NO_DATA,
    TW__NEW_DATA,
    TW__DATA_AGAIN /* of a race that continues, perhaps in another directory */
};
tw_status tw__race_prepare(tw_race **out, tw_context *ctx, const tw_race_options *options,
                           enum tw__data_use use, tw_error *err);

/* problem.c: what a run minimises: a model with the weights of a seed, on the race's data; or the surface,
 * from its start. */
typedef struct tw__problem {
    tw_data *rows, *fold; /* of a race with folds; else NULL */
    tw_model *model;
    tw_objective train, val, test;
    /* with augment: the model's own objective, and what makes `train` of it */
    tw_objective plain;
    struct tw__augmented *augmented;
    double point[2];
    void *w;
} tw__problem;
tw_status tw__problem_open(tw__problem *to, tw_race *race, uint64_t seed, tw_error *err);
const tw_objective *tw__problem_check(const tw__problem *problem); /* NULL: nothing to validate on */
void tw__problem_close(tw__problem *problem);
/* Reads race->o.surface and the options that have another meaning there. */
tw_status tw__surface_open(tw_race *race, tw_error *err);
/* Known global minima of the race's surface: how many. */
size_t tw__surface_minima(const tw_race *race, double minima[4][2]);

/* tune.c: the range in which an entry's rate is searched (TW_ERR_SPEC where it has none, or one that was
 * given); its k-th rate; the spec with a rate in it, named even where it is the default; and, all trials in,
 * the one that is raced. */
tw_status tw__tune_range(const tw_race *race, const char *requested, tw__entry *entry, tw_error *err);
double tw__tune_rate(const tw__entry *entry, uint64_t k);
tw_status tw__tune_spec(const tw_race *race, const tw__entry *entry, double lr, char to[TW_SPEC_MAX],
                        tw_error *err);
tw_status tw__tune_choose(tw_race *race, tw__entry *entry, tw_error *err);
/* Which end of the rates that were tried the best is: -1, 1, or 0 for neither; -1 also for the only one.
 * Others may be better still. */
int tw__tune_end(const tw_race *race, const tw__entry *entry);
const char *tw__tune_measure(const tw_race *race); /* what is compared: "val_loss", "loss", "value" */

/* recorder.c: what a run keeps while it is made. */
typedef struct tw__run_recorder {
    tw_race *race;
    const tw__entry *entry;
    tw__race_run *run;
    uint64_t number; /* of the task */
    int is_trial;
    const char *spec; /* as it runs */
    int stop;         /* the caller's event asked for it */
    tw_error why;     /* what ended the run */
} tw__run_recorder;

/* The loop's events on their way to the race's caller. */
void tw__recorder_notify(tw__run_recorder *w, tw_race_event *e); /* fills in which run it is */
int tw__recorder_event(void *user, const tw_event *event);
/* What every run keeps; s is how its steps ended, with w->why. A run that diverged is a result like any
 * other: TW_OK. */
tw_status tw__recorder_end(tw__run_recorder *w, tw_run *run, tw_status s, tw_error *err);

/* run_data.c, run_surface.c: make one run. */
tw_status tw__run_on_data(tw__run_recorder *w, tw__problem *problem, tw_error *err);
tw_status tw__run_on_surface(tw__run_recorder *w, tw__problem *problem, tw_error *err);
/* run.c: makes the run of a task, from its seed's weights. A run that diverges is one that was made. */
tw_status tw__race_make(tw_race *race, uint64_t task, tw_error *err);
#endif
