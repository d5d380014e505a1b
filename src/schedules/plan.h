/* A schedule as it was written: for each hyperparameter that has one, pieces in sequence, each of which
 * counts its own steps from 0.
 *
 *     schedule = sequence { ";" sequence }     sequence = [ key "=" ] piece { ";" piece }     piece = spec [ "/" steps ]     steps = number | share "%"
 * SPDX-License-Identifier: MIT */
#ifndef TW_SCHEDULES_PLAN_H
#define TW_SCHEDULES_PLAN_H
#include <thalweg/registry.h>
#include "base/options.h"
#include "math/formula.h"

enum {
    TW__PIECES = 16,
    TW__PIECE_OPTIONS = TW_PIECE_OPTIONS_MAX,
    TW__PLAN_TERMS = 256 /* of all formulas */
};
#define TW__STEPS_MAX (1ll << 53) /* of a run: step counts are doubles too */
typedef struct tw__piece {
    const tw_schedule *kind;
    int key; /* the hyperparameter: tw__plan_key */
    /* step at which it begins; its steps, 0 for no end; what the schedule sees as length */
    uint64_t first, length, scale;
    int first_term, n_terms; /* of the formula */
    double h[TW__PIECE_OPTIONS];
} tw__piece;
typedef struct tw__plan {
    int n;
    tw__piece pieces[TW__PIECES];
    int uses_total; /* a piece ends with the run */
    int n_terms;
    tw__term terms[TW__PLAN_TERMS];
    tw__lists lists;
    char text[TW_SPEC_MAX]; /* canonical */
} tw__plan;

/* Option `option` of link `link` of a chain. */
static inline int tw__plan_key(int link, int option) { return link * TW_OPTIONS_MAX + option; }

/* chain: whose hyperparameters the keys are, "beta1" of the rule and "ema.decay" of a transform; NULL: any,
 * counted from 0. schedule NULL: constant. */
tw_status tw__plan_read(tw__plan *out, const char *schedule, const tw_chain *chain, uint64_t total,
                        tw_error *err);
/* The values of hyperparameters key .. key + n - 1 after `done` steps. */
void tw__plan_values(const tw__plan *plan, int key, int n, const double *base, uint64_t done, double *h);
int tw__plan_has(const tw__plan *plan, int key);
#endif
