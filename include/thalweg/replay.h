/* libthalweg-train. A step of a run that was made, once more: the run in a directory is made again up to that
 * step, with the same bits, and shows its rows, loss, gradient and what the step did to each tensor. Nothing
 * is written there.
 *
 *     tw_replay *replay;
 *     tw_replay_info info = {.size = sizeof info};
 *     double norm[TW_REPLAY_PARTS];
 *     tw_status s = tw_replay_create(&replay, ctx, "out/cnn", 126, NULL, &err);
 *     if (s == TW_OK) s = tw_replay_read(replay, &info, &err);
 *     if (s == TW_OK) s = tw_replay_norms(replay, 0, norm, &err);
 *     if (s == TW_OK) printf("%g %s %g\n", info.loss, info.tensors[0].name, norm[TW_REPLAY_GRADIENT]);
 *     tw_replay_free(replay);
 *
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_REPLAY_H
#define THALWEG_REPLAY_H
#include <thalweg/train.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_replay tw_replay;
/* Makes the run in a directory again, from its checkpoint if that is of an earlier step, else from the start,
 * with what comes before the run (cv, path), and takes step number `step`, from 1. The run may be finished,
 * unfinished or have failed at this step, which is no error here: tw_replay_info.failure. options: NULL, or
 * those of tw_job_resume; its event is told of the steps, and stops with TW_STOPPED. Errors are those of
 * tw_job_resume and tw_run_step; TW_ERR_SPEC also: a step that the run did not make, a run with a solver,
 * which has no updates, or with `stream`. With TW_RUN_SPARSE_SKIP the bits are the run's up to rounding. */
TW_API tw_status tw_replay_create(tw_replay **out, tw_context *ctx, const char *directory, uint64_t step,
                                  const tw_job_options *options, tw_error *err);
TW_API void tw_replay_free(tw_replay *replay); /* NULL is allowed */

/* What is there of each weight: its value before the step, the mean gradient of the rows before transforms
 * and rule change it, and what the step added to it. */
enum tw_replay_part { TW_REPLAY_WEIGHTS = 0, TW_REPLAY_GRADIENT = 1, TW_REPLAY_UPDATE = 2 };
enum { TW_REPLAY_PARTS = 3 };
/* "weights", "gradient", "update", or "unknown" */
TW_API const char *tw_replay_part_name(int part);

typedef struct tw_replay_info {
    size_t size; /* sizeof(tw_replay_info) */
    /* the step in the whole run and in its epoch, all from 1; steps and epochs that the run was to make */
    uint64_t step, epoch, step_of_epoch, steps_per_epoch, epochs;
    /* mean loss of the rows before the step; the rate, NaN where the rule has none */
    double loss, lr;
    /* the rows, numbers of the training rows (those for validation and beyond `limit` are cut off before);
     * NULL: the estimator looks at none by number */
    const uint64_t *rows;
    size_t n_rows;
    tw_type type;             /* of weights, gradient and update */
    const tw_tensor *tensors; /* named and shaped as in the model's file */
    size_t n_tensors;
    int has[TW_REPLAY_PARTS]; /* 0: a fused estimator has no gradient, a step that failed no update */
    const tw_error *failure;  /* why the step failed; NULL: it did not */
} tw_replay_info;
/* What it points to lives as long as the replay. */
TW_API tw_status tw_replay_read(const tw_replay *replay, tw_replay_info *out, tw_error *err);
/* The Euclidean norms of a tensor's parts; NaN where there is none. TW_ERR_SPEC: no such tensor. */
TW_API tw_status tw_replay_norms(const tw_replay *replay, size_t tensor, double norm[TW_REPLAY_PARTS],
                                 tw_error *err);
/* The numbers of a tensor's part in the order of its shape, row by row, as many as it has, in `to`.
 * TW_ERR_SPEC: no such tensor or part, or one that is not there. */
TW_API tw_status tw_replay_numbers(const tw_replay *replay, size_t tensor, int part, double *to,
                                   tw_error *err);
/* Writes all numbers as a safetensors file of the tensors "weights/NAME", "gradient/NAME", "update/NAME". */
TW_API tw_status tw_replay_save(const tw_replay *replay, const char *path, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
