/* An optimiser of which each process has a range or a slice: what it measures there, and its state there.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_SHARES_H
#define TW_EXCHANGE_SHARES_H
#include "base/error.h"
#include <thalweg/objective.h>

/* The rule or transform that needs whole matrices; NULL: none does. */
const char *tw__shares_whole(const tw_optimizer *opt);
/* The numbers that a pass measures, as tw_step_sums, but always as many as the pass with the most has; 0:
 * there are no passes. */
size_t tw__shares_sums(const tw_optimizer *opt, double **sums);
/* The state of the elements lo .. hi-1. */
tw_status tw__shares_visit(tw_optimizer *opt, size_t lo, size_t hi, tw_visitor *v, tw_error *err);
/* Whether it draws noise by a weight's place in the vector. */
int tw__shares_noise(const tw_optimizer *opt);
/* Copies the state of a slice, with steps and scalars, between an optimiser that has no more and one of all
 * weights: to the whole one, or from it. Neither measures anything. */
tw_status tw__shares_copy(tw_optimizer *slice, tw_optimizer *whole, const tw_slice *slices, size_t n,
                          int to_whole, tw_error *err);
/* Likewise numbers of so many bytes. */
void tw__slices_copy(void *slice, void *whole, const tw_slice *slices, size_t n, size_t bytes, int to_whole);
#endif
