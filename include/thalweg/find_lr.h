/* libthalweg-race. The learning-rate range test (Smith 2017, section 3.3): the rate rises exponentially from step to step, and the loss is watched
 * until it explodes.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_FIND_LR_H
#define THALWEG_FIND_LR_H
#include <thalweg/train.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_find_lr_options {
    size_t size;                                        /* sizeof(tw_find_lr_options) */
    double from, to;                                    /* the first and the last rate; 0: 1e-7 and 10 */
    uint64_t steps;                                     /* 10 .. 1,000,000; 0: 100, or an epoch's where that is fewer, but not below 10 */
    /* The run whose rate is looked for. It must leave open what decides the rate or the run's end: schedule, control, target, keep, seconds.
     * out: NULL, or a folder, made if need be, for find_lr.csv and find_lr.svg, a picture of the curve; those that are there only go with force. */
    tw_job_options job;
} tw_find_lr_options;
#define TW_FIND_LR_OPTIONS_INIT { .size = sizeof(tw_find_lr_options), .job = TW_JOB_OPTIONS_INIT }

/* One update: the mean loss of its rows before its step, which is made with this rate. smooth: the mean of the losses so far, each weighing
 * 0.9 times the one after it. */
typedef struct tw_lr_point { double lr, loss, smooth; } tw_lr_point;

typedef struct tw_find_lr {
    const tw_lr_point *points;
    size_t n;                                           /* fewer than `steps` where the loss has exploded */
    uint64_t steps;
    int exploded;                                       /* the loss was not finite any more, or smooth above 4 times its least value */
    /* The rates where smooth is least, and where it falls fastest over log lr, within the two decades before that and after a tenth of the steps; a
     * tenth of the first or the second itself, whichever is smaller. NaN: there is none, as the loss never fell. */
    double minimum, steepest, suggestion;
    double ceiling;                                     /* where a picture is best cut off: the explosion would leave nothing else to be seen */
} tw_find_lr;

/* Makes data, model and a run, makes the updates and writes the files; what was trained is forgotten. *out is freed by tw_find_lr_free. */
TW_API tw_status tw_find_lr_run(tw_find_lr **out, tw_context *ctx, const tw_find_lr_options *options, tw_error *err);
TW_API void tw_find_lr_free(tw_find_lr *found);         /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
