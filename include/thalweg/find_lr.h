/* libthalweg-race. The learning-rate range test (Smith 2017, section 3.3): the rate rises exponentially from
 * step to step until the loss explodes.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_FIND_LR_H
#define THALWEG_FIND_LR_H
#include <thalweg/train.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_find_lr_options {
    size_t size;     /* sizeof(tw_find_lr_options) */
    double from, to; /* the first and the last rate; 0: 1e-7 and 10 */
    /* 10 .. 1,000,000; 0: 100, or an epoch's steps if they are fewer, but at least 10 */
    uint64_t steps;
    /* The run whose rate is wanted, without schedule, control, target, keep and seconds. out: NULL, or a
     * directory, made if it is missing, for find_lr.csv and find_lr.svg, a picture of the curve, which are
     * replaced only with force; one that holds anything else is refused. */
    tw_job_options job;
} tw_find_lr_options;
#define TW_FIND_LR_OPTIONS_INIT                                        \
    {                                                                  \
        .size = sizeof(tw_find_lr_options), .job = TW_JOB_OPTIONS_INIT \
    }

/* One update: its rate, the mean loss of its rows before its step, and smooth, the mean of the losses so far
 * in which each has 0.9 times the weight of the next. */
typedef struct tw_lr_point {
    double lr, loss, smooth;
} tw_lr_point;

typedef struct tw_find_lr {
    const tw_lr_point *points;
    size_t n; /* fewer than `steps` if the loss exploded */
    uint64_t steps;
    /* 1: the loss became non-finite, or smooth rose above 4 times its least value */
    int exploded;
    /* minimum: the rate at which smooth is least; steepest: at which it falls fastest over log lr, within the
     * two decades below the minimum and after a tenth of the steps; suggestion: a tenth of the minimum, or
     * steepest if that is smaller. NaN: none, as the loss never fell. */
    double minimum, steepest, suggestion;
    /* where a picture should end, so that the explosion does not hide the rest */
    double ceiling;
} tw_find_lr;

/* Opens the data, creates model and run, makes the updates and writes the files; what was trained is
 * discarded. job.run.event is called as in a run, and stops it with TW_STOPPED. Errors are those of
 * tw_job_create; TW_ERR_NOT_FINITE: the first loss is not finite. */
TW_API tw_status tw_find_lr_run(tw_find_lr **out, tw_context *ctx, const tw_find_lr_options *options,
                                tw_error *err);
TW_API void tw_find_lr_free(tw_find_lr *found); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
