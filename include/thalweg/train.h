/* libthalweg-train. Training: a loop over any objective (tw_run), evaluation, and jobs, which are data, model
 * and loop together in a run's directory. Link: cc program.c $(pkg-config --cflags --libs thalweg-train), or
 * CMake's target thalweg::train.
 * SPDX-License-Identifier: MIT
 *
 *     #include <stdio.h>
 *     #include <thalweg/train.h>
 *
 *     int main(void)      // trains a small network; run/ then holds model, history.csv and run.json
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
 *             printf("epoch %d: accuracy %.3f\n", (int)n, line[n - 1].val_accuracy); // prints epoch 5: accuracy 0.915
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
#include <thalweg/exchange.h>
#include <thalweg/link.h>
#include <thalweg/metrics.h>
#include <thalweg/model.h>
#include <thalweg/options.h>
#include <thalweg/solver.h>
#ifdef __cplusplus
extern "C" {
#endif

/* ---- The loop over any objective ----------------------------------------------------------------------- */

/* The state of a run. EARLY_STOP: ended by a control; STALLED: a line search found no step; TIME,
 * INTERRUPTED: stopped, to be continued; DIVERGED: would be FINISHED or EARLY_STOP, but tw_run_diverged. A
 * solver's run ends as CONVERGED: `tol` is reached, or the gradient is 0; MAX_EPOCHS: it is not, after all
 * iterations; STALLED: nothing more can be gained but by rounding. */
enum tw_run_status {
    TW_RUN_GOING = 0,
    TW_RUN_FINISHED,
    TW_RUN_TARGET,
    TW_RUN_TIME,
    TW_RUN_INTERRUPTED,
    TW_RUN_EARLY_STOP,
    TW_RUN_STALLED,
    TW_RUN_DIVERGED,
    TW_RUN_CONVERGED,
    TW_RUN_MAX_EPOCHS
};
/* "going", "finished", "target", "time", ..., or "unknown" */
TW_API const char *tw_run_status_name(int status);
/* 1: finished, target, early_stop, stalled, diverged, converged or max_epochs: no further steps */
TW_API int tw_run_is_over(int status);
/* "error", "skip", "zero", or "unknown" */
TW_API const char *tw_nonfinite_name(enum tw_nonfinite policy);
/* TW_ERR_SPEC: none of them */
TW_API tw_status tw_nonfinite_from_name(const char *name, enum tw_nonfinite *out, tw_error *err);

/* One line per epoch, counted from 1. loss and accuracy are means over the epoch's batches while it trained,
 * with dropout, and with a solver those of its end, without; val_* are evaluated at its end, which is early
 * in an epoch in which the target is reached (eval_every). lr is that of the epoch's last step. seconds is
 * the time that this epoch took. A number that does not apply is NaN. */
typedef struct tw_epoch {
    uint64_t epoch;
    double seconds, loss, accuracy, val_loss, val_accuracy, lr;
} tw_epoch;

/* What the event callback is told; valid during the call. */
typedef struct tw_event {
    int kind;                              /* TW_EVENT_STEP, TW_EVENT_EPOCH ... */
    uint64_t epoch, step, steps_per_epoch; /* epoch from 1; steps made in it */
    /* means over the epoch so far, and the weight of their rows; CHECKPOINT: NaN and 0 */
    double loss, accuracy, weight;
    /* EPOCH: the epoch's line; else NULL */
    const tw_epoch *line;
    /* STEP: mean loss of the rows of this update, before its step */
    double update_loss;
} tw_event;
/* FIT: a step of one of the fits that a job makes before its own run (cv, path, pretrain), counted in that
 * fit. CHECKPOINT: a job has written its checkpoint, of this step, which stays until the next one replaces
 * it. */
enum { TW_EVENT_STEP = 1, TW_EVENT_EPOCH = 2, TW_EVENT_FIT = 3, TW_EVENT_CHECKPOINT = 4 };

/* How the weights are stepped where the objective answers with lists (tw_objective.touched). The weights that
 * no list of an update touches have a gradient of 0. Penalties of a linear model (tw_glm) leave none of them
 * alone: EXACT then steps every weight. SKIP, REPLAY and TOUCHED make l2 the rule's weight decay, equal up to
 * rounding; TW_ERR_SPEC if it has none that adds to the gradient, or there are groups, transforms or l1. */
enum tw_run_sparse {
    /* They are left out if that changes nothing (sgd, adagrad); else every weight is stepped. */
    TW_RUN_SPARSE_EXACT = 0,
    /* They are left out also if the rule has a closed form for steps with a gradient of 0 (momentum, decay):
     * they make up for those when they are next touched or looked at. The result is that of EXACT up to
     * rounding, which depends on when the run is looked at, saved or stopped within an epoch. */
    TW_RUN_SPARSE_SKIP = 1,
    /* They make up for the steps one by one: the bits of EXACT, at many times the time of DENSE. */
    TW_RUN_SPARSE_REPLAY = 2,
    /* They are left alone: another method for rules with momentum, decay or schedules (SparseAdam).
     * TW_ERR_SPEC where that cannot be done: with a transform, with a rule that looks at whole tensors or
     * draws noise, with an estimator or a control that makes whole gradients, with nonfinite. */
    TW_RUN_SPARSE_TOUCHED = 3,
    /* Every weight is stepped. */
    TW_RUN_SPARSE_DENSE = 4,
    /* As EXACT, but the l2 of a row is that of the weights that it touches, of each as many times more as
     * there are fewer rows that touch it: over all rows l2 itself, and no update moves other weights.
     * TW_ERR_SPEC without l2, with l1, or with a rule that moves weights whose gradient is 0. */
    TW_RUN_SPARSE_DEGREE = 5
};

/* Estimators that remember gradients have a fused form for linear models (tw_glm) and plain sgd: a number for
 * every row and score, and steps of what a row touches. It is the same method up to rounding, in double. */
enum tw_run_fused {
    TW_RUN_FUSED_AUTO = 0, /* wherever it is the same */
    TW_RUN_FUSED_NO = 1    /* whole vectors: a gradient for every block of rows, steps of every weight */
};

/* When a solver has converged, with `tol`. */
enum tw_run_stop {
    /* the norm of the gradient is at most tol times that at the start */
    TW_RUN_STOP_GRAD = 0,
    /* no weight has changed by more than tol in the last iteration (source 004's termination distance) */
    TW_RUN_STOP_STEP = 1,
    /* the loss has changed by at most tol times its magnitude, or times 1 where that is less */
    TW_RUN_STOP_OBJECTIVE = 2,
    /* the duality gap is at most tol times the loss, which then is at most that much above the least */
    TW_RUN_STOP_GAP = 3
};

/* "exact", "skip", "replay", "touched", "dense", or "unknown" */
TW_API const char *tw_run_sparse_name(enum tw_run_sparse how);

typedef struct tw_run_options {
    size_t size; /* sizeof(tw_run_options) */
    /* Specs; NULL: adam, minibatch, constant, local (exchange.h: with workers a step of the run may be
     * several updates, which its event callback is told of once). An estimator as the optimizer, "svrg:m=100,lr=0.1", is
     * that estimator with the rule sgd and cannot be combined with another estimator. Its lr may be a word:
     * "saga:lr=auto" is the rate of sag, saga, svrg, sarah, katyusha or miso, by the smoothness of
     * tw_objective.glm; "saga:lr=search" is found on the way, by sag, saga and svrg, on any objective. */
    const char *optimizer, *estimator, *schedule, *exchange;
    /* NULL, or a custom rule that optimizer names; not copied: it must outlive the run */
    const tw_rule *custom_rule;
    /* epochs 0: 5. On an objective without rows an epoch is one step */
    uint64_t seed, epochs;
    /* rows per update; 0: 32, with `order` 1. full and single take none: leave it 0 */
    uint64_t batch;
    /* Batches per update (0: 1): the same bits as one batch of accumulate * batch rows, whose gradient is
     * summed leaf by leaf anyway. */
    uint64_t accumulate;
    /* stop after this time in total, resumed time included; 0: no limit */
    double seconds;
    /* "val_accuracy=0.98": stop when reached, checked after each epoch; NULL */
    const char *target;
    /* parameter groups (optimizer.h); NULL: none */
    const char *groups;
    /* What to do with a non-finite loss or gradient. TW_NONFINITE_ERROR: tw_run_step fails.
     * TW_NONFINITE_SKIP: the update is left out; if an epoch has no other, tw_run_step fails.
     * TW_NONFINITE_ZERO: the step is made with such elements as 0. Failing is TW_ERR_NOT_FINITE. The epoch's
     * means are over the updates that were made and had a finite loss. */
    enum tw_nonfinite nonfinite;
    /* Called after every step and epoch, and by a job after every checkpoint, in the thread and the
     * floating-point mode of tw_run_step's caller; non-zero stops the run before the next step, with the
     * status TW_RUN_INTERRUPTED. May be NULL. */
    int (*event)(void *user, const tw_event *event);
    void *user;
    /* Rows to draw instead of the estimator's sampling, for tests and references. An update takes the next
     * `batch` of them, and after the last the first again; sag and saga take the next one and the block of
     * rows that it belongs to. NULL: none. */
    const uint64_t *order;
    size_t n_order;
    /* controls (control.h), separated by spaces: "plateau:factor=0.5 early_stop"; NULL: none */
    const char *control;
    /* Needs `target`: compares it after every eval_every updates, too, and not only after each epoch (0).
     * Inside an epoch, loss and accuracy are the means over its updates so far. If the target is reached, the
     * epoch ends there and gets its line. The weights are the same with and without. */
    uint64_t eval_every;
    /* For objectives that answer with lists; TW_ERR_SPEC for others. Where EXACT, SKIP or REPLAY step every
     * weight, the reason is logged (TW_LOG_INFO). */
    enum tw_run_sparse sparse;
    /* NULL, or a solver's spec, "lbfgs:memory=20": it takes the place of optimizer, estimator and schedule,
     * and of what belongs to them, control, groups, nonfinite, sparse, batch, accumulate, order and
     * eval_every, which cannot be given beside it. epochs are its iterations (0: tw_solver.epochs). The
     * exchange is local or allreduce, with a link mpi+allreduce: processes then share its sums over the
     * rows, with the bits of one, but for sdca and coordinate-descent, which are refused. */
    const char *solver;
    /* With a solver: the tolerance at which it has converged; 0: 1e-6. With one out of reach, 1e-300, the run
     * continues until rounding ends it. stop: "grad" (NULL; for losses with kinks "gap"), "step", "objective"
     * or "gap" (enum tw_run_stop). */
    double tol;
    const char *stop;
    enum tw_run_fused fused;
    /* With several workers, each NULL or a file. trace: gets every evaluation and message; it has its name
     * when the run ends or is freed, and replaces an older trace, but nothing else (TW_ERR_SPEC). replay: the
     * trace of a run of the same options on threads, which is repeated in one thread, in its order and to its
     * bits. Not for a run that loads a state; replay not for workers that share memory. */
    const char *trace, *replay;
    /* What joins the processes that make this run together, each with the same options, rows and weights, and
     * an exchange on the transport mpi; NULL: there is one. It must outlive the run. Rank 0 decides how far
     * the run goes, and has its weights and history; elsewhere tw_run_step works until that run is freed, and
     * then has the status TW_RUN_INTERRUPTED. An error of another process, with its rank, is one here,
     * too; TW_ERR_WORKER: another one is lost. */
    tw_link *link;
} tw_run_options;
#define TW_RUN_OPTIONS_INIT            \
    {                                  \
        .size = sizeof(tw_run_options) \
    }

typedef struct tw_run tw_run;
/* Creates a run on `train`, at its first step. check: NULL, or the validation objective, with as many weights
 * of the same type. w: the weights, one vector of the objective's type, stepped in place. Both objectives are
 * copied, but what they point to must outlive the run, and so must w. TW_ERR_SPEC: an option, or options that
 * cannot be used together; TW_ERR_DATA: the rows have no labels. */
TW_API tw_status tw_run_create(tw_run **out, tw_context *ctx, const tw_objective *train,
                               const tw_objective *check, void *w, const tw_run_options *options,
                               tw_error *err);
TW_API void tw_run_free(tw_run *run); /* NULL is allowed */
/* One update and, at an epoch's end, the evaluation of `check`. *status (enum tw_run_status) says whether to
 * go on; a run that was stopped continues with the next call. An error stops the run: all further steps are
 * TW_ERR_STATE, until tw_run_visit loads a state. TW_ERR_NOT_FINITE: loss, gradient, state or validation
 * loss, with the step, and the tensor if it is known; some weights may have changed (tw_step_*). TW_STOPPED:
 * the objective returned non-zero, which is in err->callback. TW_ERR_STATE: the run has ended. */
TW_API tw_status tw_run_step(tw_run *run, int *status, tw_error *err);
/* The least l1 at which all weights of a linear model are 0, whatever its own l1 is: where a path of
 * penalties begins. A hair more than that, because of rounding. TW_ERR_SPEC: it is no linear model (tw_glm),
 * or one whose loss has kinks. */
TW_API tw_status tw_l1_max(tw_context *ctx, const tw_objective *objective, double *l1, tw_error *err);
/* What the run's workers have done; of a solver's run its processes, updates being sums that they have made.
 * TW_ERR_STATE: it has none. */
TW_API tw_status tw_run_exchange(const tw_run *run, tw_exchange_info *out, tw_error *err);
/* How far a solver's run has come. */
typedef struct tw_run_progress {
    size_t size;        /* sizeof(tw_run_progress), set by the caller */
    const char *solver; /* canonical spec */
    /* Euclidean norms of the gradient at the start and now; largest change of a weight and decrease of the
     * loss in the last iteration. NaN: there was none. */
    double first_gradient, gradient, step, decrease;
    const char *stop; /* what `tol` is compared with: "grad", "step" ... */
    const char *why;  /* why `auto` took this solver; NULL: it was named */
    /* Of a linear model with a penalty, when the run is over. NaN: unknown, or there is none. nonzero: of the
     * weights, without intercepts; l1_max: where all are 0, the least l1 for that (tw_l1_max). */
    double gap, nonzero, l1_max;
    double tol; /* at which the run has converged */
    /* Of a linear model whose run did not converge, or took 100 iterations or more: the Hessian's condition
     * number is this at least, the largest of its diagonal by the least, which columns of one scale
     * (standardize=1) make small. NaN: the run was not slow. */
    double condition;
} tw_run_progress;
/* TW_ERR_STATE: the run has no solver. */
TW_API tw_status tw_run_progress_get(const tw_run *run, tw_run_progress *out, tw_error *err);
/* after the last step, or as loaded */
TW_API int tw_run_status(const tw_run *run);
/* the option `batch` or its default; 0 with full and single, or a solver */
TW_API uint64_t tw_run_batch(const tw_run *run);
/* rows drawn for an update; an epoch's last update may have fewer */
TW_API uint64_t tw_run_rows(const tw_run *run);
TW_API uint64_t tw_run_steps_per_epoch(const tw_run *run); /* updates, at least 1 */
TW_API uint64_t tw_run_epochs(const tw_run *run);          /* the option `epochs` or its default */
/* updates made, skipped ones (tw_optimizer_skipped) included */
TW_API uint64_t tw_run_steps(const tw_run *run);
/* Gradients evaluated, one for each row (or for each evaluation of an objective without rows): svrg's
 * snapshots and sam's second gradient count, evaluations of the loss alone do not. */
TW_API uint64_t tw_run_gradients(const tw_run *run);
/* time spent in tw_run_step, resumed time included; of simulated workers by their clock */
TW_API double tw_run_seconds(const tw_run *run);
TW_API const char *tw_run_estimator(const tw_run *run); /* canonical spec, "svrg:m=100"; NULL: a solver */
/* canonical specs of the controls; NULL: none */
TW_API const char *tw_run_control(const tw_run *run);
#define TW_DIVERGED_ABOVE 1000
/* TW_ERR_NOT_FINITE, with the losses and the tensor that has the largest weight in the message, if the run
 * has diverged: the loss of an epoch was above TW_DIVERGED_ABOVE times that of the first update, and the loss
 * of the last epoch is still above that of the first update, which counts as 1 where it is less; or, with
 * another `nonfinite` than TW_NONFINITE_ERROR, no loss of the last epoch was finite; or a solver went where
 * loss or gradient are not finite, and stands where it was before. Such a run is not stopped: its loss may
 * come down again. Else, and before the first epoch has ended, TW_OK. */
TW_API tw_status tw_run_diverged(const tw_run *run, tw_error *err);
/* the *n epochs that have ended; valid until the next step */
TW_API const tw_epoch *tw_run_history(const tw_run *run, size_t *n);
/* how the estimator is fused, "one number per row"; NULL: it is not */
TW_API const char *tw_run_fused(const tw_run *run);
/* belongs to the run: to look at, not to step; NULL: a solver */
TW_API tw_optimizer *tw_run_optimizer(tw_run *run);
/* The weights to report: w itself, or the rule's view in a buffer of the run, valid until the next step. With
 * TW_RUN_SPARSE_SKIP and REPLAY, and where the estimator is fused, w is up to date after this call and after
 * every epoch. */
TW_API tw_status tw_run_weights(tw_run *run, const void **weights, tw_error *err);
/* The rows that the last update looked at, *n of them, by their numbers; valid until the next step, and so
 * for the event callback. NULL: there was none, or it looked at none by number. */
TW_API const uint64_t *tw_run_drawn(const tw_run *run, size_t *n);
/* The tensors of the weights, *n of them; valid as long as the run. */
TW_API const tw_tensor *tw_run_tensors(const tw_run *run, size_t *n);
/* The mean gradient of the last update, one number of the weights' type for each, before transforms and rule
 * change it; of a solver that at its point. Valid until the next step, and so for the event callback. NULL:
 * there was no update since the run was created or loaded, or the estimator is fused. */
TW_API tw_status tw_run_gradient(tw_run *run, const void **gradient, tw_error *err);
/* Euclidean norms of a tensor: of its weights as they stand after the last step, and of tw_run_gradient. NaN:
 * there is none, or the tensor is never stepped. */
typedef struct tw_norms {
    double weights, gradient;
} tw_norms;
/* Of one of the tensors (tw_run_tensors): whether gradients vanish on their way to the first layers, or
 * explode. The same bits for any number of threads; nothing is measured but in this call, which may be made
 * from the event callback. TW_ERR_SPEC: no such tensor. */
TW_API tw_status tw_run_norms(const tw_run *run, size_t tensor, tw_norms *out, tw_error *err);
/* Shows weights, optimiser, position and history to a visitor (visitor.h), or loads them into a run that was
 * created with the same objectives and options; it then continues with the same bits. TW_ERR_DATA: a position
 * or history that the run cannot have; TW_ERR_STATE: tw_optimizer_visit. If TW_LOAD fails half-way, the run
 * is stopped until another load succeeds. */
TW_API tw_status tw_run_visit(tw_run *run, tw_visitor *v, tw_error *err);

/* Means over all rows of an objective. */
/* accuracy NaN: the objective counts none */
typedef struct tw_metrics {
    double loss, accuracy;
    uint64_t examples;
} tw_metrics;
/* Evaluates an objective at the weights w, without dropout. TW_ERR_DATA: the rows have no labels, or no
 * weight; TW_STOPPED: the objective returned non-zero. A loss that is not finite is no error. */
TW_API tw_status tw_evaluate(tw_context *ctx, const tw_objective *objective, const void *w, tw_metrics *out,
                             tw_error *err);
/* Writes the outputs of rows first .. first + n - 1 to `output`: n * n_outputs numbers of the objective's
 * type. Rows that hand something on (tw_objective.carry) are read in 32 streams of neighbours, as tw_evaluate
 * reads all: each but the first of a stream begins where the one before ended. TW_ERR_SPEC: rows that do not
 * exist. */
TW_API tw_status tw_predict(tw_context *ctx, const tw_objective *objective, const void *w, uint64_t first,
                            size_t n, void *output, tw_error *err);

/* ---- A job: data, model and loop together, with a run's directory -------------------------------------- */

/* Everything that decides a run's result. The table of options.h (tw_job_fields) describes every field. */
typedef struct tw_job_options {
    size_t size; /* sizeof(tw_job_options) */
    /* data.h, model.h; dtype "f32" (NULL) or "f64": type of the weights */
    const char *data, *model, *dtype;
    /* share of the training rows kept for validation, [0, 1) */
    double val;
    /* use only the first so many training rows; 0: all */
    uint64_t limit;
    /* NULL, or the absolute directory from which a relative `data` starts: recorded, so that the run can be
     * resumed from elsewhere */
    const char *directory;
    /* directories for data (data.h); not recorded */
    const char *cache, *home;
    /* which epoch's weights are the model: "last" (NULL) or "best" by val_loss */
    const char *keep;
    /* the run's directory; NULL: none, nothing is written */
    const char *out;
    /* 1: replace a run that is in `out` */
    int force;
    /* 1: if `out` is taken, use out-2, out-3, ... (tw_job_directory says which) */
    int numbered;
    /* steps between checkpoints; 0: one at every epoch's end */
    uint64_t checkpoint_every;
    /* how files of rows are read: as in tw_data_options */
    const char *format, *more, *test, *label, *row_weight, *group_by, *columns, *without, *missing,
        *index_base;
    uint64_t features, skip_bad;
    /* NULL, or a run's folder or a model file to start from (tw_model_create_from): files of rows are read as
     * it reads them. `model` may then be NULL, and so may dtype: as there */
    const char *from;
    /* Folds of a cross-validation (tw_data_folds, with run.seed), before the run on all rows: for each fold a
     * model is fitted to the other rows, as the run will be, and evaluated on the fold's. 0: none; 2 or more,
     * without val and run.seconds */
    uint64_t cv;
    /* Penalties of a path, before the run: models of a linear kind, each from the weights of the one before,
     * from the smallest penalty at which l1 makes all weights 0, or an l2 as large as the largest derivative
     * of the loss at weights of 0, down to path_ratio (0: 1e-3) times that, evenly on a logarithm. The text's
     * l1 and l2 say in which proportion; without l1 it is l2 alone. The run is that of the penalty with the
     * least mean loss of the folds, or of validation rows, or else of the last. 0: none; 2 or more. Without
     * solver, optimizer and what belongs to one (see run.solver) the solver is "auto" */
    uint64_t path;
    double path_ratio;
    /* 1: rows stay in files of converted rows (tw_data_options.stream; those that are not converted are
     * written to `out` with ".twd" or ".test.twd" added), of which about `window` megabytes (of 2^20 bytes; 0:
     * 64) are in memory at a time. Rows are drawn from windows of that size: the estimator is minibatch or
     * single, and its option `window` says how many rows that is, unless it is given. For linear models
     * without standardize */
    int stream;
    uint64_t window;
    uint64_t hash_bits; /* as in tw_data_options */
    uint64_t length;    /* likewise */
    /* Metrics of test and validation rows in the end: "auc f1" (metrics.h), "all" that fit, or "none". NULL: of
     * linear models whose rows are in memory "auc f1", "f1_macro" of more than two classes, or "rmse r2" */
    const char *metrics;
    /* What changes the training images of a network, at random and in every epoch anew (augment.h):
     * "shift:pixels=2 rotate". NULL: nothing. Validation and test rows stay as they are, those of folds, too. */
    const char *augment;
    /* Above 0: each hidden dense layer of a network, one after the other, first learns for so many epochs, by
     * adam and without labels, to keep what the layers below it make of the rows. pretrain_on: NULL for the
     * training rows, or a data set like them, of which labels are not needed; pretrain_noise: the share of a
     * layer's inputs that are hidden from it meanwhile, [0, 1). Not with from, cv and path. tw_job_run does
     * it; a job that is stopped meanwhile continues with the next layer, or, resumed, with the first. */
    uint64_t pretrain;
    const char *pretrain_on;
    double pretrain_noise;
    const char *categories; /* as in tw_data_options */
    const char *image_size; /* likewise */
    /* custom_rule and event are not recorded; order is refused */
    tw_run_options run;
} tw_job_options;
#define TW_JOB_OPTIONS_INIT                                        \
    {                                                              \
        .size = sizeof(tw_job_options), .run = TW_RUN_OPTIONS_INIT \
    }

/* How a job with these options opens its data, into `out`, whose size is set. TW_ERR_SPEC: no such model. */
TW_API tw_status tw_job_data_options(const tw_job_options *options, tw_data_options *out, tw_error *err);

typedef struct tw_job tw_job;
/* Opens the data, creates model and run and, with `out`, the directory with run.json in it, which is locked
 * (run.lock) until tw_job_free or the end of the process. While the job runs, and after it was stopped, the
 * directory has checkpoint.safetensors, with exchange mpi:parts=1 also checkpoint-*-*.safetensors (those
 * that a killed run has left stay where the I/O table has no `list`); in the end model.safetensors,
 * history.csv and run.json. TW_ERR_SPEC: an option, or `out` holds a run or other files, or another process
 * writes a run there; else the errors of tw_data_open, tw_model_create and tw_run_create. After an error
 * nothing is left in `out`, except that of an old run, which `force` replaces, files may be gone: they are
 * removed once the new run.json is written, just before it takes the old one's place. */
TW_API tw_status tw_job_create(tw_job **out, tw_context *ctx, const tw_job_options *options, tw_error *err);
/* The run in a directory, from its last checkpoint or from the start; it ends with the same bits as if it had
 * never stopped. A finished run is loaded with its result, and tw_job_run does nothing. Of `options` only
 * run.seconds, run.custom_rule, run.event, run.user, cache and home are used. TW_ERR_NOT_FOUND: no run there,
 * or its data, its model or the one that it started from is gone; TW_ERR_DATA: run.json or the checkpoint is
 * malformed or damaged; TW_ERR_STATE: the data or the model `from` has changed, or the checkpoint belongs to
 * a run with other settings; TW_ERR_SPEC: another process writes the run. The directory stays as it was. */
TW_API tw_status tw_job_resume(tw_job **out, tw_context *ctx, const char *directory,
                               const tw_job_options *options, tw_error *err);
/* Runs until the end, the target, the time limit, a control or the event callback stops it (tw_job_status),
 * and writes checkpoints, then model, history.csv and run.json. After TW_RUN_INTERRUPTED another call
 * continues; after TW_RUN_TIME tw_job_resume does, with a new limit. Errors are those of tw_run_step, and
 * TW_ERR_SYSTEM for a file that cannot be written; then the last checkpoint is still there, for
 * tw_job_resume. Every file is replaced as a whole. */
TW_API tw_status tw_job_run(tw_job *job, tw_error *err);
/* The resolved options: specs are canonical, and defaults filled in where the run has them. What they point
 * to belongs to the job. Not for a finished run that was resumed. */
TW_API void tw_job_resolved(const tw_job *job, tw_job_options *out);
enum tw_job_rows { TW_JOB_NO_ROWS, TW_JOB_TEST, TW_JOB_LAST_EPOCH };
/* How the model does on the test rows; where there are none, how the last epoch went. NaN: not finite, or not
 * counted. */
TW_API enum tw_job_rows tw_job_score(const tw_job *job, double *loss, double *accuracy);
/* The metrics of `metrics`, of the test rows or of the validation rows, with loss and accuracy in *out; valid
 * until the job is freed. NULL: the run is not over, or was read as a finished one, or there are none. */
TW_API const tw_scores *tw_job_scores(const tw_job *job, int validation, tw_metrics *out);
/* TW_ERR_NOT_FINITE, with what tw_run_diverged says: the job has ended as TW_RUN_DIVERGED. Else TW_OK. */
TW_API tw_status tw_job_diverged(const tw_job *job, tw_error *err);
/* What the folds of a cross-validation, the penalties of a path and the workers of an exchange say, as lines
 * for people, valid until the next call; "" where there is nothing to say. TW_ERR_MEMORY. */
TW_API tw_status tw_job_table(tw_job *job, const char **text, tw_error *err);
/* The result so far as JSON (docs/cli.md, train --json), valid until the next call. TW_ERR_MEMORY. */
TW_API tw_status tw_job_json(tw_job *job, const char **text, tw_error *err);
/* Rewrites every number of a JSON text, in place, with the fewest digits that read back as the same:
 * 0.29999999999999999 becomes 0.3. Returns `json`. */
TW_API char *tw_json_shorten(char *json);
enum { TW_SHELL_WORD = 256 };
/* A directory's name as a word of a command for a POSIX shell, quoted where it has to be: 'a b', ./-x,
 * "$(printf 'a\012b')". DIR where that is too long. Returns `to`. */
TW_API const char *tw_shell_word(const char *word, char to[TW_SHELL_WORD]);
/* A text as one line for a terminal: control characters, bytes that are not UTF-8, and characters that break
 * lines or turn the direction of writing are shown as \x1b; cut to `size` bytes. Returns `to`, which is
 * another place than `text`. */
TW_API const char *tw_printable(const char *text, char *to, size_t size);
/* Requests a checkpoint after the present step; to be called from run.event. */
TW_API void tw_job_checkpoint(tw_job *job);
/* enum tw_run_status, after tw_job_run or as resumed */
TW_API int tw_job_status(const tw_job *job);
TW_API const char *tw_job_directory(const tw_job *job); /* NULL: none */
/* The model and the run, which belong to the job; NULL for a finished run that was resumed, of which only the
 * result was loaded. */
TW_API tw_model *tw_job_model(tw_job *job);
TW_API tw_run *tw_job_run_of(tw_job *job);
/* releases the directory; NULL is allowed */
TW_API void tw_job_free(tw_job *job);

#ifdef __cplusplus
}
#endif
#endif
