/* The optimiser's inside.
 *
 *     vector   | tensor 0 | tensor 1 | buffer | tensor 3 |        tensors are names over ranges
 *     live     |<----- live[0] ----->|        | live[1]  |        runs of neighbours that are stepped
 *     chunks   |   0   |   1   |   2   |   3   |   4   |          of TW_CHUNK, counted from element 0: checked, then updated
 * SPDX-License-Identifier: MIT */
#ifndef TW_OPTIMIZER_OPTIMIZER_H
#define TW_OPTIMIZER_OPTIMIZER_H
#include <stdatomic.h>
#include <thalweg/optimizer.h>
#include <thalweg/registry.h>
#include "base/context.h"
#include "math/sums.h"
#include "schedules/plan.h"

typedef struct tw__live { size_t lo, hi; } tw__live;
enum tw__phase { TW__IDLE, TW__BEGUN, TW__REFUSED };
enum { TW__NAME_MAX = 200 };

struct tw_optimizer {
    tw_context *ctx;
    const tw_rule *rule;
    const tw__sums *sums;
    tw_choice choice;
    tw__plan plan;
    uint64_t total_steps, seed, steps;
    enum tw__phase phase;
    tw_type type;
    size_t real;                        /* bytes of a number */
    size_t n, n_tensors, n_live, room;  /* elements; room: of tensors[] and live[] */
    tw_tensor *tensors;                 /* names and shapes are copies */
    tw__live *live;
    void *slots[TW_SLOTS_MAX];
    double scalars[TW_SCALARS_MAX], next_scalars[TW_SCALARS_MAX];   /* after the last step, and after the one that is on */
    double h[TW_OPTIONS_MAX], next[TW_OPTIONS_MAX];                 /* at the step that is on, and the one after */
    void *coef;
    size_t coef_size;
    tw_kernel *update;
    _Atomic size_t bad;                 /* first element that is not finite in this step's gradient; SIZE_MAX: none yet */
};

/* Every hyperparameter after `done` steps. */
void tw__optimizer_values(const tw_optimizer *opt, uint64_t done, double *h);
/* Where each slot's state of an element stands; NULL for slots that are not kept. */
void tw__slots_at(const tw_optimizer *opt, size_t element, void *slots[TW_SLOTS_MAX]);
#endif
