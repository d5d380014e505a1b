/* A sum of gradients on its way through the batch tree: a number for each weight or, where the rows touch few
 * weights, a list of those. What is in no list is 0, and a list has no -0, so that adding 0 changes nothing
 * but what is too small to be normal: then adding lists gives the bits that adding vectors does.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_SUM_H
#define TW_EXCHANGE_SUM_H
#include "base/context.h"
#include "math/kernels.h"
#include <thalweg/objective.h>

/* Calls name_f32 or name_f64. */
#define TW__FOR_TYPE(type, name, ...) ((type) == TW_F32 ? name##_f32(__VA_ARGS__) : name##_f64(__VA_ARGS__))

typedef struct tw__sum {
    int is_list;
    void *dense; /* may be NULL where only lists are added */
    tw_sparse_sum *list;
} tw__sum;

/* Room for `most` numbers; what is in the list is lost if it grows. */
tw_status tw__list_reserve(tw_context *ctx, tw_sparse_sum *list, size_t most, size_t real, tw_error *err);
void tw__list_free(tw_context *ctx, tw_sparse_sum *list, size_t real);
/* A copy in a list of its own, with room for `most` numbers, no fewer than there are. */
tw_status tw__list_copy(tw_context *ctx, tw_sparse_sum *to, const tw_sparse_sum *from, size_t most,
                        size_t real, tw_error *err);
/* The first place in the list at or after an index. */
size_t tw__list_place(const tw_sparse_sum *list, size_t index);
/* Whether a list that an objective has made is one, of a vector of n_weights; turns -0 into 0. */
int tw__list_accept(tw_sparse_sum *list, tw_type type, size_t n_weights);
/* to += from; `to` has room for both. */
void tw__list_add(tw_sparse_sum *to, const tw_sparse_sum *from, tw_type type);
/* Writes the elements lo .. hi-1 to zeros, of which `vector` is element lo. */
void tw__list_spread(const tw_sparse_sum *list, tw_type type, size_t lo, size_t hi, void *vector);

/* Makes a list a vector of n_weights. */
void tw__sum_spread(tw__sum *sum, tw_type type, size_t n_weights);
/* to += from; `to` is a list only where `from` is one. */
void tw__sum_add(tw__sum *to, const tw__sum *from, const tw__kernels *k, tw_type type, size_t n_weights);
/* Adds lists up in the tree over their numbers, into the first. */
void tw__lists_add(const tw__sum *sums, size_t n, tw_type type);

/* The batch tree over rows of n doubles: row i += row i + stride for stride 1, 2, 4, ...; the sum ends in row
 * 0. */
void tw__batch_tree_add(double *rows, size_t count, size_t n);

/* Sorts indices and leaves each in once: returns how many are left. spare: as long as index. */
size_t tw__indices_sort(size_t n, uint32_t *index, uint32_t *spare);
#endif
