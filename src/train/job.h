/* A job from inside: data, model, run, and the folder they are kept in.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_JOB_H
#define TW_TRAIN_JOB_H
#include "base/context.h"
#include "file/hash.h"
#include "file/json.h"
#include "train/loss_trace.h"
#include "train/norm_trace.h"
#include <thalweg/metrics.h>
#include <thalweg/train.h>

struct tw_job {
    tw_context *ctx;
    tw_job_options o; /* texts are copies */
    tw_data *train, *val, *test;
    tw_model *from, *model; /* from: what it started from; NULL: nothing */
    tw_objective train_objective, val_objective, test_objective;
    struct tw__augmented *augmented; /* augmented.h; NULL: images stay as they are */
    tw_run *run;
    int (*event)(void *user, const tw_event *event); /* the caller's; the run is given ours */
    void *user;
    tw__loss_trace trace;
    tw__norm_trace norms;
    int epoch_ended, checkpoint_requested, has_test, has_val, resumed;
    int continues;                        /* its weights are those of a checkpoint */
    uint64_t pretrained;                  /* layers of its model (pretrain.h) */
    int is_pretrained;                    /* all of them */
    tw_metrics test_metrics, val_metrics; /* of the kept weights, in the end */
    tw_scores *test_scores, *val_scores;  /* NULL: none asked for */
    struct tw__selection *selection;      /* selection.h; NULL: no fits come before the run */
    /* keep=best: the weights with the least val_loss so far */
    void *best;
    double best_loss;
    /* of the last tw_job_run, or of the finished run that was loaded */
    int status;
    json_t *finished; /* the result of a run that had finished before */
    char *text;       /* of tw_job_json */
    char *table;      /* of tw_job_table */
    void *lock;       /* of tw__directory_lock, while the folder is ours */
    /* parts of the history kept beside the checkpoint (history.h) */
    uint64_t history_parts;
    tw__hash history_hash; /* over them */
    char history_sum[TW__HASH_DIGITS + 1];
    /* what a checkpoint says it is of, once one was written */
    char *settings;
    uint64_t parts; /* the number of the last checkpoint, if it is in parts (file/parts.h); else 0 */
    int has_swept;  /* there are no parts of earlier ones */
};

/* run_create.c: the updates of a run that goes to its end; TW_ERR_SPEC where the longest of some runs is too
 * short for eval_every. */
uint64_t tw__run_updates(const tw_run *run);
tw_status tw__check_eval_every(uint64_t every, uint64_t longest, tw_error *err);

/* The options that are recorded, resolved. */
tw_status tw__job_config(const tw_job *job, json_t **out, tw_error *err);
/* Of them those that decide the bits, and the data's fingerprint. */
tw_status tw__job_settings(const tw_job *job, json_t **out, tw_error *err);
/* TW_ERR_SPEC where another process of the run has other settings or data. */
tw_status tw__job_agree(const tw_job *job, tw_error *err);
/* The result (cli.md, train --json), without the config. */
tw_status tw__job_result(tw_job *job, json_t **out, tw_error *err);
/* Puts "test" and "val" of a result: loss, accuracy and metrics of the rows that were held out. */
void tw__job_held_out(const tw_job *job, tw__json_builder *b, json_t *result);
/* What its workers did; nothing for exchange local. */
void tw__job_exchange(const tw_job *job, tw__json_builder *b, json_t *result);
/* {"train": "...", ...}: the hashes of the data. */
tw_status tw__job_fingerprint(const tw_job *job, json_t **out, tw_error *err);

/* data_again.c: the data, where they are named; of a run or race that continues (`again`) also from the
 * directory in which it was started, and a file that has gone meanwhile is TW_ERR_DATA. from: NULL, or the
 * model that reads the files. */
tw_status tw__job_open_data(tw_context *ctx, const tw_job_options *o, const tw_model *from, int again,
                            tw_data **train, tw_data **val, tw_data **test, tw_error *err);
/* The model at `path`, which a run starts from, found as the data are; directory NULL: only as it is
 * named. */
tw_status tw__job_open_from(tw_context *ctx, const char *path, const char *directory, tw_model **out,
                            tw_error *err);
/* Paths, one in a line, from a directory where they are relative; freed by tw__free_text. NULL stays NULL. */
tw_status tw__paths_from(tw_context *ctx, char **out, const char *directory, const char *paths,
                         tw_error *err);
/* TW_ERR_STATE where the fingerprints of the data that a `work` ("run", "race") in `directory` was started
 * with are not those of what the files in `o` hold now: the message names the part that has changed, gone or
 * come, and its files. */
tw_status tw__same_data(const json_t *then, const json_t *now, const char *work, const char *directory,
                        const tw_job_options *o, tw_error *err);

/* job_stream.c: TW_ERR_SPEC for what cannot be done with rows that stay in a file; and makes their window the
 * estimator's, once they are open. */
tw_status tw__job_check_stream(const tw_job_options *o, tw_error *err);
/* Which of the job's files of converted rows there are, and the removal of those that were not. */
enum { TW__CONVERTED = 2 };
tw_status tw__job_find_converted(const tw_job *job, int there[TW__CONVERTED], tw_error *err);
void tw__job_remove_converted(const tw_job *job, const int there[TW__CONVERTED]);
tw_status tw__job_set_window(tw_job *job, tw_error *err);

/* job.c: takes the model in place of the job's, and makes the run anew; gives one of job->o's texts another
 * value. */
tw_status tw__job_replace_model(tw_job *job, tw_model *model, tw_error *err);
/* Tells the caller of a step of a fit before the run, as TW_EVENT_FIT; what it returns. */
int tw__job_tell_of_fit(const tw_job *job, const tw_event *event);
tw_status tw__job_set_text(tw_job *job, const char **option, const char *text, tw_error *err);

/* The run in a directory, ended or not, without a directory: nothing is written. from_checkpoint: it begins
 * where its checkpoint stands, if it has one. `given` as for tw_job_resume. TW_ERR_SPEC: a run with a solver,
 * or with rows that stay in a file. */
tw_status tw__job_reopen(tw_job **out, tw_context *ctx, const char *directory, const tw_job_options *given,
                         int from_checkpoint, tw_error *err);

/* The folder. tw__job_claim makes it appear with run.json inside, by one rename, and locked. */
tw_status tw__job_claim(tw_job *job, tw_error *err);
tw_status tw__job_save_checkpoint(tw_job *job, tw_error *err);
/* Removes what a run that was killed at its very end has left; where that cannot be done it stays. */
void tw__job_tidy(tw_context *ctx, const char *directory);
tw_status tw__job_find_checkpoint(const tw_job *job, int *found, tw_error *err);
tw_status tw__job_load_checkpoint(tw_job *job, int *found, tw_error *err);
/* model, history.csv, run.json; removes the checkpoint of an ended run */
tw_status tw__job_save_result(tw_job *job, tw_error *err);
/* TW_ERR_NOT_FOUND where the folder has none */
tw_status tw__job_find_model(const tw_job *job, tw_error *err);
tw_status tw__job_read_directory(tw_context *ctx, const char *directory, json_t **run, tw_error *err);
/* the status of a run that has ended, as run.json holds it; else TW_RUN_GOING */
int tw__job_ended(const json_t *run);
tw_status tw__job_kept(tw_job *job, const void **weights, tw_error *err); /* the weights to keep */
#endif
