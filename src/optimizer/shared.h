/* Optimisers of several threads that step the same weights at the same time, without locks: each prepares its
 * coefficients itself, and all have the state of one. What two of them step at once is stepped by both, or by
 * the last alone.
 * SPDX-License-Identifier: MIT */
#ifndef TW_OPTIMIZER_SHARED_H
#define TW_OPTIMIZER_SHARED_H
#include <thalweg/optimizer.h>

/* Gives `opt`, made with the options of `of` and not used so far, the state of `of`, which must outlive it.
 * adds: what others have changed since it read a number stays, and the change is added. TW_ERR_SPEC: the
 * chain is not made of a single rule that steps each weight by itself. */
tw_status tw__share_state(tw_optimizer *opt, tw_optimizer *of, int adds, tw_error *err);
/* As step `number` of the run, from 0: steps the weights in the list alone; index NULL: all n. */
tw_status tw__step_shared(tw_optimizer *opt, uint64_t number, void *w, size_t n, const uint32_t *index,
                          const void *g, tw_error *err);
/* So many steps have been made in all, by others. */
void tw__count_steps(tw_optimizer *opt, uint64_t steps);
#endif
