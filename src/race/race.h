/* A race from inside: its options, its entries, and every run's result. Runs are made by what run.h declares,
 * kept by persist.h, shown by render.h.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_RACE_H
#define TW_RACE_RACE_H
#include "base/context.h"
#include "file/json.h"
#include "race/method.h"
#include "train/loss_trace.h"
#include <thalweg/race.h>
#include <thalweg/surface.h>

/* Where a run on a surface went: n points of x, y and the value there, point 0 the start. */
typedef struct tw__trajectory {
    size_t n;
    double *x, *y, *value;
} tw__trajectory;

enum {
    TW__MOST_SEEDS = 10000,
    TW__MOST_ENTRIES = 1000,
    TW__MOST_RUNS = 100000, /* trials among them */
    TW__MOST_TRIALS = 100,
    TW__MOST_STEPS = 100000,
    TW__MOST_POINTS = 10000000 /* of all paths: 4 GB */
};
/* What rates are tried with: no seed of a race, and the same for all races, so that a race's trials do not
 * depend on its seeds. */
#define TW__TUNE_SEED ((uint64_t)INT64_MAX)

typedef struct tw__race_run {
    uint64_t seed, steps, skipped, gradients; /* gradients: of one row each */
    int status;                               /* TW_RUN_; without meaning for a run that diverged */
    int diverged, reached;                    /* reached: the target */
    /* of an unfinished race's page: the run is not in yet; only its seed counts */
    int missing;
    char message[512]; /* why it diverged */
    tw_epoch *epochs;
    /* kept: of a single run, the epoch whose weights were tested; 0: the last */
    size_t n_epochs, kept;
    /* in a race with a solver: the mean loss over all training rows, at the start and after each epoch */
    double *objective;
    size_t n_objective, objective_capacity;
    double optimum; /* the least objective of all runs on the same rows; NaN: none */
    tw__loss_trace trace;
    tw__trajectory trajectory; /* surfaces; else n = 0 */
    double seconds;
    tw_metrics test; /* NaN where it does not apply */
} tw__race_run;

/* One learning rate that was tried: what came of it, by the measure that decides. */
/* value: NaN if it diverged */
typedef struct tw__trial {
    double lr, value;
    tw__race_run run;
} tw__trial;

enum tw__measure {
    TW__LOSS,
    TW__ACCURACY,
    TW__VAL_LOSS,
    TW__VAL_ACCURACY,
    TW__TEST_LOSS,
    TW__TEST_ACCURACY,
    TW__SECONDS,
    TW__EPOCH_SECONDS,
    TW__GRADIENTS,
    /* objective in the end, above the least of the race */
    TW__GAP,
    TW__TARGET_EPOCHS,
    TW__TARGET_SECONDS,
    TW__TARGET_STEPS,
    TW__TARGET_GRADIENTS,
    /* on a surface: in the end; the least; from there to the nearest minimum */
    TW__VALUE,
    TW__BEST,
    TW__DISTANCE,
    TW__MEASURES
};
typedef struct tw__spread {
    double median, q1, q3; /* of folds the mean, and a standard error less and more */
} tw__spread;              /* NaN: no run has a value */

typedef struct tw__entry {
    char *spec; /* canonical, as asked for */
    /* what is raced where the rate was tuned, else NULL; once the trials are in */
    char *tuned;
    /* with `tuned`: the rate, and the range it was looked for in */
    double tuned_lr, from, to;
    tw__trial *trials; /* race.o.tune of them, or NULL */
    /* an estimator with sgd or a solver, not the race's estimator; a batch size means something to it */
    int is_preset, takes_batch, is_solver;
    uint64_t batch, steps_per_epoch; /* as resolved */
    tw__race_run *runs;              /* one per seed, or per fold */
    /* over the runs that did not diverge; targets: over those that reached it */
    tw__spread of[TW__MEASURES];
    /* runs; missing: only on the page of an unfinished race */
    uint64_t diverged, reached, missing;
    int colour; /* that of tw__look (colours.h) */
} tw__entry;

struct tw_race {
    tw_context *ctx;
    tw_race_options o;           /* texts are copies, seeds and epochs resolved */
    tw_data *train, *val, *test; /* NULL on a surface, and where all runs are in */
    /* of each training row, with o.job.cv; NULL: none, or without the data. The second, with o.tune too, are
     * other folds, of which trials take the first */
    uint32_t *folds, *tune_folds;
    uint64_t n_train, n_val, n_test; /* rows; 0: none */
    tw_surface *surface;             /* NULL on data */
    int resumed;                     /* from its folder, perhaps in another directory */
    double target;                   /* on a surface, with o.target: the value */
    struct tw__database *database;   /* NULL: the race is in memory alone */
    tw__entry *entries;
    size_t n, capacity;
    size_t *order; /* entries, best first; after the runs */
    /* the least objective of all runs, and whose it is; NULL: the race has no solver, or nothing is in. Of
     * folds the mean of the least of each, and one that has the least of a fold */
    double optimum;
    const tw__entry *optimum_of;
    /* as resolved; the first two of the first entry with the race's estimator, if there is one */
    uint64_t batch, steps_per_epoch, weights;
    char *network, *schedule, *estimator, *control; /* canonical; control NULL: none */
    /* partial_report.c: no other is written before (the clock); this process writes it */
    struct {
        double due;
        int locked;
    } page;
    /* the race of which this has the optimizers with runs that are in; NULL: it is whole */
    const struct tw_race *of;
    uint64_t left; /* with `of`: runs that are not in */
    uint64_t next; /* without a database: the next task */
    json_t *fingerprint, *json;
    char *text, *table;
};

/* options.c: the race's copy of the options, with what 0 and NULL stand for; their checks. */
tw_status tw__race_copy_options(tw_race *race, const tw_race_options *given, tw_error *err);
tw_status tw__race_check_options(const tw_race_options *o, tw_error *err);

/* Tasks: the runs that a race has to make. All trials come first, entry by entry, then all runs with the
 * race's seeds. */
typedef struct tw__task {
    tw__entry *entry;
    tw__trial *trial; /* NULL: no trial */
    tw__race_run *run;
} tw__task;
uint64_t tw__race_tasks(const tw_race *race);
tw__task tw__race_task(const tw_race *race, uint64_t number);

/* The loop's options for a run of an entry; the spec has its rate, and *parts what it names. */
tw_run_options tw__race_run_options(const tw_race *race, const tw__entry *entry, const char *spec,
                                    uint64_t seed, tw__method *parts);
tw_type tw__race_type(const tw_race *race);
/* 1: an entry is a solver, and so every run on data keeps its objective. */
int tw__race_has_solver(const tw_race *race);
/* The epochs of a run, the last of which may be a part of one; NaN for one that has no epochs. */
double tw__epochs_of(const tw__entry *entry, const tw__race_run *run);
void tw__run_clear(tw_context *ctx, tw__race_run *run); /* frees what it holds; the seed stays */
/* Writes a file of the race's directory, whole or not at all. */
tw_status tw__race_write(const tw_race *race, const char *file, const char *text, tw_error *err);

/* run_json.c: a run as JSON and back. */
json_t *tw__run_json(tw__json_builder *b, const tw__entry *entry, const tw__race_run *run, int with_trace);
tw_status tw__run_read(const tw_race *race, const json_t *from, tw__race_run *to, tw_error *err);
#endif
