/* libthalweg-race. Paths: where an optimiser goes on a surface, step by step.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_TRAJECTORY_H
#define THALWEG_TRAJECTORY_H
#include <thalweg/surface.h>
#include <thalweg/train.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_trajectory_options {
    size_t size;                                                        /* sizeof(tw_trajectory_options) */
    const char *optimizer, *schedule, *control;                         /* as in tw_run_options; NULL: the defaults there */
    uint64_t seed, steps;                                               /* steps 0: 300 */
    const double *start;                                                /* two numbers; NULL: the surface's own */
} tw_trajectory_options;
#define TW_TRAJECTORY_OPTIONS_INIT { sizeof(tw_trajectory_options), NULL, NULL, NULL, 0, 0, NULL }

/* Point 0 is the start; point i is what is reported (the rule's view) after step i. It ends early, with diverged set, before the first point
 * or value that is not finite. value: without noise. lr: what the rule was given for the step that led to the point (point 0: NaN). */
typedef struct tw_trajectory {
    char spec[TW_SPEC_MAX];                                             /* the optimizer as understood */
    size_t n;                                                           /* points */
    double *x, *y, *value, *lr;
    int diverged;
    char message[256];                                                  /* why */
} tw_trajectory;
TW_API tw_status tw_trajectory_run(tw_trajectory **out, tw_context *ctx, const tw_surface *surface, const tw_trajectory_options *options, tw_error *err);
TW_API void tw_trajectory_free(tw_context *ctx, tw_trajectory *path);               /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
