/* Races: several optimisers on the same model, data, initial weights and batches, over several seeds.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_RACE_H
#define THALWEG_RACE_H
#include <thalweg/train.h>
#ifdef __cplusplus
extern "C" {
#endif

/* After every epoch of every run; non-zero stops the race (TW_STOPPED; nothing is written). */
typedef struct tw_race_event {
    const char *optimizer;                                              /* its spec as understood */
    uint64_t seed;
    size_t run, runs;                                                   /* this one, from 1; in all */
    const tw_epoch *line;                                               /* NULL: the run has diverged, see message */
    const char *message;
} tw_race_event;

typedef struct tw_race_options {
    size_t size;                                                        /* sizeof(tw_race_options) */
    const char *data, *model, *dtype;                                   /* as in tw_job_options */
    double val;                                                         /* 0.1 is usual */
    uint64_t limit;
    const char *cache, *home;
    const char *optimizers;                                             /* specs separated by blanks: "sgd adam:lr=3e-4 saga" */
    uint64_t seeds;                                                     /* runs of each, with seeds first_seed, first_seed + 1, ... */
    uint64_t first_seed, epochs, batch, accumulate;                     /* 0: as in tw_run_options */
    const char *estimator, *schedule, *exchange, *target, *control, *groups;
    enum tw_nonfinite nonfinite;
    uint64_t tune;
    const char *out;                                                    /* folder for race.json and report.html, or NULL */
    int force;                                                          /* replace a race that is there */
    int (*event)(void *user, const tw_race_event *event);
    void *user;
} tw_race_options;
#define TW_RACE_OPTIONS_INIT { sizeof(tw_race_options), NULL, NULL, NULL, 0.1, 0, NULL, NULL, NULL, 1, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, \
                               TW_NONFINITE_ERROR, 0, NULL, 0, NULL, NULL }

typedef struct tw_race tw_race;
/* Reads every spec, opens the data and claims the folder before anything is computed. */
TW_API tw_status tw_race_create(tw_race **out, tw_context *ctx, const tw_race_options *options, tw_error *err);
TW_API tw_status tw_race_run(tw_race *race, tw_error *err);
/* race.json's text (docs/cli.md, race --json) and the table for people, after tw_race_run; owned by the race. */
TW_API const char *tw_race_json(const tw_race *race);
TW_API const char *tw_race_table(const tw_race *race);
TW_API void tw_race_free(tw_race *race);                                /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
