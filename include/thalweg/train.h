/* libthalweg-train. Training: a loop over any objective (tw_run), evaluation, and jobs, which are data, model and loop together in a run's directory.
 * SPDX-License-Identifier: MIT
 *
 *     #include <stdio.h>
 *     #include <thalweg/train.h>
 *
 *     int main(void)      // trains a small network on generated digits; run/ then holds the model, history.csv and run.json
 *     {
 *         tw_job_options options = TW_JOB_OPTIONS_INIT;
 *         options.data = "images";
 *         options.model = "flatten; dense 64 relu; dense classes softmax";
 *         options.val = 0.2;
 *         options.out = "run";
 *         options.force = 1;
 *         options.run.optimizer = "adam:lr=0.003";
 *         options.run.schedule = "cosine";
 *         options.run.epochs = 5;
 *         options.run.seed = 1;
 *         tw_context *ctx = NULL;
 *         tw_job *job = NULL;
 *         tw_error err;
 *         tw_status s = tw_context_create(&ctx, NULL, &err);
 *         if (s == TW_OK) s = tw_data_make_digits(ctx, "images", 0, 3000, 100, &err);
 *         if (s == TW_OK) s = tw_job_create(&job, ctx, &options, &err);
 *         if (s == TW_OK) s = tw_job_run(job, &err);
 *         if (s == TW_OK) {
 *             size_t n;
 *             const tw_epoch *line = tw_run_history(tw_job_run_of(job), &n);
 *             printf("epoch %d: accuracy %.3f\n", (int)n, line[n - 1].val_accuracy);      // prints epoch 5: accuracy 0.915
 *         } else fprintf(stderr, "%s\n", err.message);
 *         tw_job_free(job);
 *         tw_context_free(ctx);
 *         return s != TW_OK;
 *     }
 */
#ifndef THALWEG_TRAIN_H
#define THALWEG_TRAIN_H
#include <thalweg/control.h>
#include <thalweg/estimator.h>
#include <thalweg/model.h>
#include <thalweg/options.h>
#ifdef __cplusplus
extern "C" {
#endif

/* ---- The loop over any objective ---------------------------------------------------------------------------------------- */

/* Exchange i by name, with a line of help; NULL after the last. */
TW_API const char *tw_exchange_name(size_t i, const char **help);

/* early_stop: a control of that name; stalled: a line search found no step. */
enum tw_run_status { TW_RUN_GOING = 0, TW_RUN_FINISHED, TW_RUN_TARGET, TW_RUN_TIME, TW_RUN_INTERRUPTED, TW_RUN_EARLY_STOP, TW_RUN_STALLED };
TW_API const char *tw_run_status_name(int status);                      /* "finished", "target", "time", "interrupted", "early_stop", "stalled", "going" */
/* "error", "skip", "zero": what TW_NONFINITE_ is called, and back (TW_ERR_SPEC). */
TW_API const char *tw_nonfinite_name(enum tw_nonfinite policy);
TW_API tw_status tw_nonfinite_from_name(const char *name, enum tw_nonfinite *out, tw_error *err);
TW_API int tw_run_is_over(int status);                                  /* 1: no further steps, ever; a run that was stopped may be taken up again */

/* One epoch's line. loss and accuracy are running means over the epoch's batches (dropout on); val_* are evaluated at its end, which is early in an epoch
 * in which the target is reached (eval_every).
 * A field that does not apply is NaN. */
typedef struct tw_epoch { uint64_t epoch; double seconds, loss, accuracy, val_loss, val_accuracy, lr; } tw_epoch;

typedef struct tw_event {
    int kind;                                                           /* TW_EVENT_STEP, TW_EVENT_EPOCH */
    uint64_t epoch, step, steps_per_epoch;                              /* epoch from 1; step done within it */
    double loss, accuracy, weight;                                      /* running means of this epoch, and the weight of the rows they are over */
    const tw_epoch *line;                                               /* TW_EVENT_EPOCH: the finished line */
    double update_loss;                                                 /* TW_EVENT_STEP: the mean loss of this update's rows, before its step */
} tw_event;
enum { TW_EVENT_STEP = 1, TW_EVENT_EPOCH = 2 };

typedef struct tw_run_options {
    size_t size;                                                        /* sizeof(tw_run_options) */
    /* NULL: adam, minibatch, constant, local. An estimator's name as the optimizer is that estimator with the rule sgd, "svrg:m=100,lr=0.1";
     * then no other estimator may stand beside it. */
    const char *optimizer, *estimator, *schedule, *exchange;
    const tw_rule *custom_rule;                                            /* NULL, or a rule from outside the library named in optimizer */
    uint64_t seed, epochs, batch;                                       /* epochs 0: 5; batch 0: 32. For an objective without rows an epoch is one step */
    /* One update looks at accumulate * batch rows (0: 1): the bits of a batch of that size, as the sum over a batch is asked for leaf by leaf,
     * at most 8 rows or a 64th of it at a time, whatever its size. */
    uint64_t accumulate;
    double seconds;                                                     /* stop after so many, counted over resumes; 0: no limit */
    const char *target;                                                 /* "val_accuracy=0.98": stop when reached, checked after each epoch; NULL */
    const char *groups;                                                 /* parameter groups (optimizer.h); NULL: none */
    /* What a loss or gradient that is not finite does. Skip: the update is skipped, and an epoch of nothing else is TW_ERR_NOT_FINITE.
     * Zero: the step is made. A loss that is not finite, or of an update left out, is not in the epoch's means. */
    enum tw_nonfinite nonfinite;
    /* After every step and epoch; non-zero stops the run before the next step with TW_RUN_INTERRUPTED. May be NULL. */
    int (*event)(void *user, const tw_event *event);
    void *user;
    /* Rows to draw in place of the estimator's own sampling, for tests and references; batch 0 is then 1. Update u takes the next `batch` of them,
     * and after the last the first again; sag and saga take the next one, and look at the block of rows it lies in. Copied; NULL: none. */
    const uint64_t *order;
    size_t n_order;
    const char *control;                                                /* controls (control.h) with blanks between: "plateau:factor=0.5 early_stop"; NULL */
    /* With target: check it every so many updates, too, which changes no bit of what is trained. loss and accuracy are then the means over the epoch so
     * far. Where the target is reached, the epoch ends early, with its line. 0: after each epoch only. */
    uint64_t eval_every;
} tw_run_options;
#define TW_RUN_OPTIONS_INIT { .size = sizeof(tw_run_options) }

typedef struct tw_run tw_run;
/* w: the weights, stepped in place, the caller's; one vector of the objective's type. check: validation objective or NULL. */
TW_API tw_status tw_run_create(tw_run **out, tw_context *ctx, const tw_objective *train, const tw_objective *check, void *w,
                               const tw_run_options *options, tw_error *err);
TW_API void tw_run_free(tw_run *run);
/* One update (and, at an epoch's end, its evaluation). *status as above. */
TW_API tw_status tw_run_step(tw_run *run, int *status, tw_error *err);
TW_API uint64_t tw_run_batch(const tw_run *run);                        /* as asked for or by default, before accumulation; 0: chosen by the estimator */
TW_API uint64_t tw_run_rows(const tw_run *run);                         /* rows drawn for an update; an epoch's last may have fewer */
TW_API uint64_t tw_run_steps_per_epoch(const tw_run *run);
TW_API const char *tw_run_estimator(const tw_run *run);                 /* its spec as understood, "svrg:m=100"; owned by the run */
TW_API int tw_run_status(const tw_run *run);                            /* after the last step, or as loaded */
TW_API const char *tw_run_control(const tw_run *run);                   /* the controls as understood; NULL: none */
TW_API uint64_t tw_run_steps(const tw_run *run);                        /* updates done, those that were left out (tw_optimizer_skipped) included */
/* Evaluations of one row's gradient (of the objective's, where it has no rows): a snapshot of svrg and sam's second look are in it, evaluations of
 * the loss alone are not. */
TW_API uint64_t tw_run_gradients(const tw_run *run);
TW_API double tw_run_seconds(const tw_run *run);
TW_API const tw_epoch *tw_run_history(const tw_run *run, size_t *n);    /* valid until the next step */
TW_API tw_optimizer *tw_run_optimizer(tw_run *run);
/* The weights to report: w itself, or the rule's view in a buffer of the run. */
TW_API tw_status tw_run_weights(tw_run *run, const void **weights, tw_error *err);
TW_API tw_status tw_run_visit(tw_run *run, tw_visitor *v, tw_error *err);   /* weights, optimiser, cursor, history: save, resume */

/* Means over all rows of an objective at w, dropout off, through the batch tree. accuracy is NaN where nothing is counted. */
typedef struct tw_metrics { double loss, accuracy; uint64_t examples; } tw_metrics;
TW_API tw_status tw_evaluate(tw_context *ctx, const tw_objective *objective, const void *w, tw_metrics *out, tw_error *err);
/* Outputs of rows first .. first+n-1, n * n_outputs numbers of the objective's type. */
TW_API tw_status tw_predict(tw_context *ctx, const tw_objective *objective, const void *w, uint64_t first, size_t n, void *output, tw_error *err);

/* ---- A job: data, model and loop together, with a run's folder ------------------------------------------------------------ */

/* Everything that decides a run's result. Texts are copied. */
typedef struct tw_job_options {
    size_t size;                                                        /* sizeof(tw_job_options) */
    const char *data, *model, *dtype;                                   /* dtype "f32" (NULL) or "f64" */
    double val;
    uint64_t limit;
    const char *directory;                                              /* absolute; where relative data paths start, for a resumption from elsewhere */
    const char *cache, *home;                                           /* folders for data (data.h); not recorded */
    const char *keep;                                                   /* "last" (NULL) or "best" (by val_loss; needs val) */
    const char *out;                                                    /* the run's folder; NULL: none, nothing is written */
    int force;                                                          /* replace an existing run */
    int numbered;                                                       /* where out is taken: out-2, out-3, ... (tw_job_directory says which) */
    uint64_t checkpoint_every;                                          /* steps; 0: at every epoch's end */
    tw_run_options run;                                                 /* custom_rule and callback are not recorded */
} tw_job_options;
#define TW_JOB_OPTIONS_INIT { .size = sizeof(tw_job_options), .run = TW_RUN_OPTIONS_INIT }

typedef struct tw_job tw_job;
/* Opens the data, makes the model and the run; with `out`, makes the folder with run.json in it. TW_ERR_SPEC: it holds a run, or another process is
 * writing one there. The folder is locked (run.lock) until tw_job_free or the end of the process.
 * In the end it holds model.safetensors, history.csv and run.json; while running, and when stopped, checkpoint.safetensors. */
TW_API tw_status tw_job_create(tw_job **out, tw_context *ctx, const tw_job_options *options, tw_error *err);
/* The run in a folder, from its last checkpoint or from the start; a finished run is loaded with its result. Of `options` only run.seconds,
 * run.custom_rule, run.event, run.user, cache and home count. TW_ERR_STATE: the data's fingerprint differs, or the checkpoint is of a run with other
 * settings; TW_ERR_SPEC: another process is writing the run. */
TW_API tw_status tw_job_resume(tw_job **out, tw_context *ctx, const char *directory, const tw_job_options *options, tw_error *err);
/* Runs to the end, the target, the time limit or the callback's stop; writes checkpoints, the model, history.csv and run.json. */
TW_API tw_status tw_job_run(tw_job *job, tw_error *err);
/* The result as JSON (docs/cli.md, train --json), owned by the job. */
TW_API tw_status tw_job_json(tw_job *job, const char **text, tw_error *err);
/* Writes every number of a JSON text in the fewest digits that read back as the same, in place: 0.29999999999999999 becomes 0.3. Returns the text. */
TW_API char *tw_json_shorten(char *json);
/* Asks for a checkpoint after the step that is being made; to be called from run.event. */
TW_API void tw_job_checkpoint(tw_job *job);
TW_API int tw_job_status(const tw_job *job);
TW_API const char *tw_job_directory(const tw_job *job);                    /* NULL: none; owned by the job */
/* The parts; NULL for a finished run that was resumed: its result is all that was loaded. */
TW_API tw_model *tw_job_model(tw_job *job);
TW_API tw_run *tw_job_run_of(tw_job *job);
TW_API void tw_job_free(tw_job *job);

#ifdef __cplusplus
}
#endif
#endif
