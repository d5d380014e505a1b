/* libthalweg-race. Trajectories: where an optimiser moves on a surface, step by step.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_TRAJECTORY_H
#define THALWEG_TRAJECTORY_H
#include <thalweg/surface.h>
#include <thalweg/train.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_trajectory_options {
    size_t size;                                /* sizeof(tw_trajectory_options) */
    const char *optimizer, *schedule, *control; /* as in tw_run_options */
    uint64_t seed, steps;                       /* steps 0: 300; at most 10^8 */
    /* two numbers; NULL: the surface's start */
    const double *start;
} tw_trajectory_options;
#define TW_TRAJECTORY_OPTIONS_INIT                                  \
    {                                                               \
        sizeof(tw_trajectory_options), NULL, NULL, NULL, 0, 0, NULL \
    }

/* Point 0 is the start; point i is the point to report (the rule's view) after step i. It ends early if a
 * control ends it or, with diverged set, before the first point or value that is not finite. diverged is also
 * set if tw_run_diverged (train.h) says so in the end. */
typedef struct tw_trajectory {
    char spec[TW_SPEC_MAX]; /* the optimizer's canonical spec */
    size_t n;               /* points, at most steps + 1 */
    /* n numbers each; value: without noise */
    double *x, *y, *value;
    /* lr in the step that led to the point; NaN for point 0 and rules without lr */
    double *lr;
    int diverged;
    char message[256]; /* why it diverged */
} tw_trajectory;
/* Makes the steps. TW_ERR_SPEC: an option, or a start at which the value is not finite. Diverging is no
 * error. */
TW_API tw_status tw_trajectory_run(tw_trajectory **out, tw_context *ctx, const tw_surface *surface,
                                   const tw_trajectory_options *options, tw_error *err);
TW_API void tw_trajectory_free(tw_context *ctx, tw_trajectory *trajectory); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
