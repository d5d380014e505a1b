/* The steps of a plan: a network's operations, fused where they can be, each with the places of what it reads
 * and writes. Places are numbers per row from the beginning of a lane's memory; two things that are not
 * needed at the same time may have the same place.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_STEPS_H
#define TW_MODELS_NN_STEPS_H
#include "models/nn/network.h"

#define TW__NOWHERE SIZE_MAX

typedef struct tw__step {
    const tw__layer *layer; /* NULL: the sum of two values */
    tw__layer fused;        /* where `layer` points if it is one of several */
    /* What runs in place of this step and the ones after it, n_folded in all, where nothing trains and no
     * gradient is wanted, and the one whose packed numbers it takes; 0: nothing does. */
    tw__layer folded;
    size_t n_folded, folded_norm;
    size_t in[2], out; /* values */
    size_t size;       /* of a sum, numbers per row */
    size_t x[2], y;
    /* Of the gradients; TW__NOWHERE: not needed. dy is that of y as it stands when the step's turn comes
     * backward. */
    size_t dx[2], dy;
    /* Where backward writes the gradient of in[0] if another step has written to dx[0] before, to which it is
     * then added; TW__NOWHERE: to dx[0]. */
    size_t apart;
    int adds[2]; /* the gradient of in[i] is added to what stands at dx[i] */
    int wide;    /* takes the rows of several passes at once */
    /* numbers made once per point, or of the totals of a join; bytes per row; numbers per row handed on */
    size_t packed_at, settled_at, saved_at, carry_at;
} tw__step;

typedef struct tw__steps {
    tw_context *ctx;
    tw__step *step;
    size_t n, capacity;
    size_t input;                                  /* place of value 0 */
    size_t size;                                   /* numbers per row of a lane's memory */
    size_t packed, settled, saved, carry, scratch; /* sums of all steps; the most of one */
    /* Layers that need sums over the whole batch: their steps; the most sums of one; for the objective */
    size_t *joins, n_joins, join_size;
    size_t *cuts, least_rows;
} tw__steps;

/* From the operations of a network, which must outlive them. TW_ERR_SPEC: it is too large. */
tw_status tw__steps_create(tw__steps *steps, tw_context *ctx, const tw__network *net, const tw__kernels *k,
                           tw_error *err);
void tw__steps_free(tw__steps *steps);
#endif
