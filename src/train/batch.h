/* The sum over a batch, defined and not scheduled (docs/design.md, section 5): the rows in batch order form
 * leaves of 8 (a batch over 512: 64 leaves of equal size, the first ones longer); leaves are added in a
 * binary tree over leaf numbers.
 *
 *   leaf  0   1   2   3   4        node = left + right; a missing right is skipped.
 *          \ /     \ /     |       Threads compute blocks of 2^k leaves, which are whole nodes,
 *           +       +      |       so that nothing depends on them.
 *             \   /        |
 *               +         /
 *                 \     /
 *                    +
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_BATCH_H
#define TW_TRAIN_BATCH_H
#include "base/context.h"
#include "base/cpu.h"
#include "exchange/exchange.h"
#include <thalweg/objective.h>

typedef struct tw__batch tw__batch;

size_t tw__batch_leaves(size_t rows); /* of a batch */
/* Buffers for gradients of this objective's size. */
tw_status tw__batch_create(tw__batch **out, tw_context *ctx, const tw_objective *objective, tw_error *err);
void tw__batch_free(tw__batch *b);
/* From now on an objective that can answer with lists always does. */
void tw__batch_only_lists(tw__batch *b);

/* An objective like that of `other` is asked for the same, lists and penalties. */
void tw__batch_like(tw__batch *b, const tw__batch *other);
/* From now on sums are without the penalties of the objective's glm. */
void tw__batch_without_penalty(tw__batch *b);

/* Likewise, but for l2 as degree.h has it. */
void tw__batch_by_degree(tw__batch *b, const double *ratios);

/* Evaluates my leaves of the batch at w: gradients go to the exchange node by node, *sums is the whole
 * batch's. Called in our floating-point mode; `callers` is the one the objective's functions are called
 * in. draw NULL: not training. */
tw_status tw__batch_gradient(tw__batch *b, tw__exchange *x, const void *w, const uint64_t *rows, size_t n,
                             const tw_draw *draw, tw__fp_mode callers, tw_sums *sums, tw_error *err);
/* The same sum into `to`, over all leaves and without an exchange: for estimators that make a direction of
 * several such sums. */
tw_status tw__batch_sum(tw__batch *b, const void *w, const uint64_t *rows, size_t n, const tw_draw *draw,
                        tw__fp_mode callers, void *to, tw_sums *sums, tw_error *err);
/* Only the sums of loss, weight, correct. draw NULL: not training; else as a gradient on this draw would find
 * them. rows NULL: the first n rows. */
tw_status tw__batch_loss(tw__batch *b, const void *w, const uint64_t *rows, size_t n, const tw_draw *draw,
                         tw__fp_mode callers, tw_sums *sums, tw_error *err);

/* Of an objective with `carry`: room for what so many rows of a batch hand on, which from here on gradients
 * and losses begin with; it begins as 0. Without `carry` nothing. */
tw_status tw__batch_follow(tw__batch *b, size_t rows, tw_error *err);
/* The streams begin anew, with 0. */
void tw__batch_begin_streams(tw__batch *b);
/* What the rows of the last gradient, or of a loss that is not training, handed on is what the next ones
 * begin with. */
void tw__batch_hand_on(tw__batch *b);
/* The numbers that the next rows begin with, for checkpoints; *n: how many, 0 without tw__batch_follow. */
void *tw__batch_carried(tw__batch *b, size_t *n);

/* After an update: what the objective keeps of the last evaluation while training (tw_objective.commit). */
void tw__batch_commit(tw__batch *b, void *w);

/* n indices of rows from `first` on; freed with their number. */
tw_status tw__rows_from(tw_context *ctx, uint64_t first, uint64_t n, uint64_t **rows, tw_error *err);
#endif
