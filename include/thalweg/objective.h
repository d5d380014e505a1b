/* libthalweg-train. An objective: what is minimised, as sums over rows. It is used by one call at a time (a run, an evaluation); within that call
 * its eval may run in several threads, in different lanes.
 *
 * The loop asks for sums, never means, over the rows of one leaf of the batch tree at a time; it adds the leaves in a fixed tree and
 * divides once by the summed weight. An objective without rows (n_rows = 0: a test surface, a formula) is asked with n = 0.
 * A model bound to data is an objective (model.h); your own is a filled-in tw_objective.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_OBJECTIVE_H
#define THALWEG_OBJECTIVE_H
#include <thalweg/optimizer.h>
#ifdef __cplusplus
extern "C" {
#endif

enum {
    TW_WANT_LOSS = 1,
    TW_WANT_GRADIENT = 2,
    TW_WANT_OUTPUT = 4,                                                 /* predictions, n rows of n_outputs numbers of the objective's type */
    TW_TRAINING = 8,                                                    /* dropout and its like are on */
    TW_ADD = 16                                                         /* compute this leaf's gradient apart and add it to what `gradient` holds;
                                                                           asked for with at most TW_LEAF rows, and only where can_add is set */
};
enum { TW_LEAF = 8, TW_MOST_LEAVES = 64 };                              /* rows of a leaf of the batch tree; leaves of a large batch */

/* Which draw this is. Evaluations with the same number see the same rows and the same dropout. */
typedef struct tw_draw {
    uint64_t number;                                                    /* of the update, from 0 */
    uint64_t epoch;
    size_t first;                                                       /* place in the batch of rows[0] */
    uint64_t seed;
    int segment;                                                        /* 0 .. joins: which part of the evaluation, see tw_objective.joins */
    int lane;                                                           /* 0 .. lanes - 1: two calls at the same time have different lanes */
} tw_draw;

/* What an evaluation adds up over its rows; the objective overwrites it. */
typedef struct tw_sums { double loss, weight, correct; } tw_sums;

typedef struct tw_objective {
    size_t size;                                                        /* sizeof(tw_objective) */
    tw_type type;                                                       /* TW_F32 or TW_F64: of w, gradient, output */
    const tw_tensor *tensors;                                           /* of the weights; valid as long as the objective */
    size_t n_tensors;
    uint64_t n_rows;                                                    /* 0: no rows */
    size_t n_outputs;                                                   /* per row, for TW_WANT_OUTPUT */
    int can_add;                                                        /* eval knows TW_ADD */
    int joins;                                                          /* places at which an evaluation must stop until sums over the whole
                                                                           batch are known (batch normalisation): segments between them are
                                                                           asked for one after the other. This version runs objectives with 0 */
    int only_outputs;                                                   /* rows without labels: only TW_WANT_OUTPUT may be asked for */
    int counts_correct;                                                 /* sums.correct means something */
    int lanes;                                                          /* evaluations that may run at the same time; fewer than the
                                                                           context has threads: they are run one by one */
    void *user;
    /* Optional: called once before the evaluations at a new point w (pack weights), never during one. Non-zero stops the run. */
    int (*point)(void *user, const void *w);
    /* Sums over rows[0 .. n-1] (row numbers of the data) at w. gradient has one number per weight, output n * n_outputs.
     * Non-zero stops the run and is handed back in tw_error.callback. The caller's floating-point mode is restored around it
     * for objectives that are not the library's own. */
    int (*eval)(void *user, unsigned want, const void *w, const uint64_t *rows, size_t n, const tw_draw *draw, tw_sums *sums,
                void *gradient, void *output);
} tw_objective;

#ifdef __cplusplus
}
#endif
#endif
