/* libthalweg-race. Races: several optimisers on the same model, data, initial weights and batches, over
 * several seeds. Link: cc program.c $(pkg-config --cflags --libs thalweg-race), or CMake's target
 * thalweg::race.
 * SPDX-License-Identifier: MIT
 *
 *     #include <stdio.h>
 *     #include <thalweg/race.h>
 *
 *     int main(void)      // which one is fastest down Rosenbrock's valley? race/report.html shows every path
 *     {
 *         tw_race_options options = TW_RACE_OPTIONS_INIT;
 *         options.surface = "rosenbrock";
 *         options.optimizers = "sgd:lr=0.002 momentum:lr=0.0005 adam:lr=0.1";
 *         options.steps = 200;
 *         options.job.out = "race";
 *         options.job.force = 1;
 *         tw_context *ctx = NULL;
 *         tw_race *race = NULL;
 *         tw_error err;
 *         tw_status s = tw_context_create(&ctx, NULL, &err);
 *         if (s == TW_OK) s = tw_race_create(&race, ctx, &options, &err);
 *         if (s == TW_OK) s = tw_race_run(race, &err);
 *         if (s == TW_OK) puts(tw_race_table(race));
 *         else fprintf(stderr, "%s\n", err.message);
 *         tw_race_free(race);
 *         tw_context_free(ctx);
 *         return s != TW_OK;
 *     }
 */
#ifndef THALWEG_RACE_H
#define THALWEG_RACE_H
#include <thalweg/train.h>
#ifdef __cplusplus
extern "C" {
#endif

/* What the event callback is told; valid during the call. */
typedef struct tw_race_event {
    int kind; /* one of TW_RACE_ */
    /* its spec in this run, with the rate that was tuned or is tried */
    const char *optimizer;
    uint64_t seed;
    int is_trial; /* 1: the run tries a learning rate */
    /* number of this run, from 1; runs in all, trials included */
    size_t run, runs;
    /* EPOCH: the epoch's line; else NULL */
    const tw_epoch *line;
    /* END: tw_run_status_name of the run, or "diverged"; else NULL */
    const char *status;
    const char *message; /* END: why it diverged; else NULL */
    uint64_t steps;      /* END: steps made */
    /* END, on a surface: the last value */
    double value;
    /* EPOCH, END: share of this run that is done, 0 to 1 */
    double share;
} tw_race_event;
/* Kinds of events: after a step, an epoch (not on a surface), a run. WAIT: other processes make all runs that
 * are left; about twenty times a second. */
enum { TW_RACE_STEP = 1, TW_RACE_EPOCH = 2, TW_RACE_END = 3, TW_RACE_WAIT = 4 };

typedef struct tw_race_options {
    size_t size; /* sizeof(tw_race_options) */
    /* instead of data and model: a surface (surface.h); NULL: on data */
    const char *surface;
    /* specs separated by spaces: "sgd adam:lr=3e-4 saga newton"; NULL: eight common ones. One may have an
     * exchange of its own (exchange.h), "sgd|ps:sync=asp,workers=4"; simulated workers count their own
     * seconds. A solver makes
     * epochs (steps on a surface) iterations; on data the mean loss over all training rows is then evaluated
     * for all at the start and after each epoch, outside the time of the runs */
    const char *optimizers;
    /* runs of each, with the seeds job.run.seed, job.run.seed + 1, ...; 0: 3, on a surface 1 */
    uint64_t seeds;
    /* on a surface, instead of epochs; 0: 300 */
    uint64_t steps;
    /* Learning rates to try for every optimizer before it is raced with the best of them, evenly spread over
     * the logarithm of its rule's range; 0: none. A trial is as long as a run, and its seed is 2^63 - 1.
     * Specs must then not give a rate. */
    uint64_t tune;
    /* Called while runs are made, in the caller's thread; non-zero stops the race (TW_STOPPED). A run that
     * was stopped is made again when the race continues. May be NULL. */
    int (*event)(void *user, const tw_race_event *event);
    void *user;
    /* with tune: "LO,HI", the range for every optimizer; NULL: that of its rule */
    const char *tune_range;
    /* What every run has in common: data, model (NULL: mlp), val (0.1 by the initialiser), run.epochs (0: 3),
     * ...; on a surface dtype is f64 by default. A race has no optimizer, time, keep and checkpoint_every.
     * out: the race's directory, or NULL: in memory; force: replace a race that is there. */
    tw_job_options job;
} tw_race_options;
#define TW_RACE_OPTIONS_INIT                    \
    {                                           \
        .size = sizeof(tw_race_options), .job = \
        {.size = sizeof(tw_job_options),        \
         .val = 0.1,                            \
         .run = TW_RUN_OPTIONS_INIT }           \
    }
/* the options as a table (options.h) */
TW_API int tw_race_fields(size_t i, tw_field *out);

typedef struct tw_race tw_race;
/* Reads every spec, opens the data, tries every run's options and, with job.out, makes the directory, before
 * anything is computed; from then on any process may work on the race in it (tw_race_resume). TW_ERR_SPEC: an
 * option, or the directory holds a race and force is 0, or anything else; else the errors of tw_data_open and
 * tw_model_create. */
TW_API tw_status tw_race_create(tw_race **out, tw_context *ctx, const tw_race_options *options,
                                tw_error *err);
/* The race in a directory, to continue it, also while other processes do. If all runs are in, the data is not
 * needed. Of `options` only job.cache, job.home, event and user are used. TW_ERR_NOT_FOUND: no race there, or
 * its data is gone; TW_ERR_DATA: its database is damaged; TW_ERR_STATE: the data has changed. */
TW_API tw_status tw_race_resume(tw_race **out, tw_context *ctx, const char *directory,
                                const tw_race_options *options, tw_error *err);
/* One race from at least two finished ones, with all their optimizers and seeds; tw_race_run then makes its
 * result, and no run. Of `options` only job.out, job.force, event and user are used. TW_ERR_SPEC: a race is
 * not finished; they differ in other options than optimizers and seeds, which the message names; a run of the
 * same optimizer and seed has different results; or not all optimizers have the same seeds. The races stay as
 * they are. */
TW_API tw_status tw_race_join(tw_race **out, tw_context *ctx, const char *const *directories, size_t n,
                              const tw_race_options *options, tw_error *err);
/* A descriptor that keeps other processes from replacing the race in the directory until it is closed, also
 * after tw_race_free: for a process that closes its race, as SQLite asks, to fork workers which resume it.
 * -1: there is no directory, or nothing in it can be locked. */
TW_API tw_status tw_race_hold(tw_race *race, int *fd, tw_error *err);
/* Makes runs until none is left, and waits for those that other processes make: if one of these is killed,
 * its run is made here. A run that diverges is a result, not an error. TW_STOPPED: the event callback stopped
 * it. After an error runs that were in stay in, and another call continues. */
TW_API tw_status tw_race_work(tw_race *race, tw_error *err);
/* The same, then the result and, with a directory, race.json and report.html in it. Once only: TW_ERR_STATE
 * after a call that made the result; if that failed in writing the files, tw_race_resume and tw_race_run
 * write them. */
TW_API tw_status tw_race_run(tw_race *race, tw_error *err);
/* runs: in all, trials included; left: of these, not yet made; raced: without trials; diverged: of those,
 * known after tw_race_run. */
typedef struct tw_race_count {
    size_t size /* sizeof(tw_race_count), set by the caller */, runs, left, raced, diverged;
} tw_race_count;
/* The counts at this moment, with the runs that other processes made. TW_ERR_SPEC: out->size was not set. */
TW_API tw_status tw_race_counts(tw_race *race, tw_race_count *out, tw_error *err);
/* The text of race.json (docs/cli.md, race --json) and the table that the program prints; NULL before
 * tw_race_run. */
TW_API const char *tw_race_json(const tw_race *race);
TW_API const char *tw_race_table(const tw_race *race);
TW_API void tw_race_free(tw_race *race); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
