/* libthalweg-race. Races: several optimisers on the same model, data, initial weights and batches, over several seeds.
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

/* What happens while runs are made; non-zero stops (TW_STOPPED). A run that was stopped is made anew when the race continues. */
typedef struct tw_race_event {
    int kind;                                                           /* one of TW_RACE_ */
    const char *optimizer;                                              /* its spec as it runs, a rate that was tuned or is tried included */
    uint64_t seed;
    int is_trial;                                                       /* a learning rate is tried */
    size_t run, runs;                                                   /* this one, from 1; in all, trials included */
    const tw_epoch *line;                                               /* EPOCH, else NULL */
    const char *status;                                                 /* END: tw_run_status_name's, or "diverged"; else NULL */
    const char *message;                                                /* END: why it diverged; else NULL */
    uint64_t steps;                                                     /* END: made; on a surface with the value there */
    double value;
    double share;                                                       /* EPOCH, END: of this run that is made, 0 to 1 */
} tw_race_event;
/* After a step; an epoch (not on a surface); a run. WAIT: what is left is in the hands of other processes; called some twenty times a second. */
enum { TW_RACE_STEP = 1, TW_RACE_EPOCH = 2, TW_RACE_END = 3, TW_RACE_WAIT = 4 };

typedef struct tw_race_options {
    size_t size;                                                        /* sizeof(tw_race_options) */
    const char *surface;                                                /* in place of data and model (surface.h); NULL: on data */
    const char *optimizers;                                             /* specs separated by spaces: "sgd adam:lr=3e-4 saga"; NULL: the sources' eight */
    uint64_t seeds;                                                     /* runs of each, with seeds job.run.seed and those after it; 0: 3, on a surface 1 */
    uint64_t steps;                                                     /* on a surface, in place of epochs; 0: 300 */
    /* Learning rates that are tried for every optimizer before it is raced with the best, evenly over the logarithm of its rule's own range; 0: it is
     * raced as it is. All get as many, each as long as a run; their seed is 2^63 - 1. An optimizer that comes with a rate is refused. */
    uint64_t tune;
    int (*event)(void *user, const tw_race_event *event);
    void *user;
    const char *tune_range;                                             /* with tune: "LO,HI", the range for every optimizer; NULL: its rule's own */
    /* What every run has in common: data, model (NULL: mlp), val (0.1 by the initialiser), run.epochs (0: 3), ...; on a surface dtype is f64 by default.
     * A race has no optimizer, time, keep and checkpoint_every. out: the race's folder, or NULL: in memory; force: replace a race that is there. */
    tw_job_options job;
} tw_race_options;
#define TW_RACE_OPTIONS_INIT \
    { .size = sizeof(tw_race_options), .job = { .size = sizeof(tw_job_options), .val = 0.1, .run = TW_RUN_OPTIONS_INIT } }
TW_API int tw_race_fields(size_t i, tw_field *out);                     /* these as a table (options.h) */

typedef struct tw_race tw_race;
/* Reads every spec, opens the data and, with `out`, makes the folder before anything is computed: from then on any process may work on the race in it. */
TW_API tw_status tw_race_create(tw_race **out, tw_context *ctx, const tw_race_options *options, tw_error *err);
/* The race in a folder, to go on with it; one whose runs are all in needs its data no more. Of `options` only cache, home, event and user count.
 * TW_ERR_STATE: the data's fingerprint differs. */
TW_API tw_status tw_race_resume(tw_race **out, tw_context *ctx, const char *directory, const tw_race_options *options, tw_error *err);
/* One race of several finished ones, to be run (which makes its result): their optimizers, each once, with all their seeds. Of `options` only out, force,
 * event and user count. TW_ERR_SPEC where they differ in more than optimizers and seeds, with the keys; where a seed of an optimizer has another result in
 * one than in another; and where in the end not all optimizers have the same seeds. */
TW_API tw_status tw_race_join(tw_race **out, tw_context *ctx, const char *const *directories, size_t n, const tw_race_options *options, tw_error *err);
/* Makes runs until none is left, waiting for those that other processes are making: if one of these is killed, its run is taken up here. */
TW_API tw_status tw_race_work(tw_race *race, tw_error *err);
/* The same, then the result; with a folder also its race.json and report.html. */
TW_API tw_status tw_race_run(tw_race *race, tw_error *err);
/* Runs in all, trials included; those that are not in; those with the race's seeds that diverged (after tw_race_run). */
typedef struct tw_race_count { size_t runs, left, raced, diverged; } tw_race_count;
TW_API tw_status tw_race_counts(tw_race *race, tw_race_count *out, tw_error *err);
/* race.json's text (docs/cli.md, race --json) and the table for people, after tw_race_run; owned by the race. */
TW_API const char *tw_race_json(const tw_race *race);
TW_API const char *tw_race_table(const tw_race *race);
TW_API void tw_race_free(tw_race *race);                                /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
