/* An optimiser of which each process has a range: what it measures there, and its state there.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_SHARES_H
#define TW_EXCHANGE_SHARES_H
#include "base/error.h"
#include <thalweg/optimizer.h>

/* The rule or transform that needs whole matrices; NULL: none does. */
const char *tw__shares_whole(const tw_optimizer *opt);
/* The numbers that a pass measures, as tw_step_sums, but always as many as the pass with the most has; 0:
 * there are no passes. */
size_t tw__shares_sums(const tw_optimizer *opt, double **sums);
/* The state of the elements lo .. hi-1. */
tw_status tw__shares_visit(tw_optimizer *opt, size_t lo, size_t hi, tw_visitor *v, tw_error *err);
#endif
