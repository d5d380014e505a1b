/* Steps of a run in a loop that looks at it only where something is due.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_STEPS_H
#define TW_TRAIN_STEPS_H
#include <thalweg/train.h>

/* As tw_run_step, but of a fused run up to `most` steps, which are timed as one: it may make fewer, and makes
 * none after an epoch's end. */
tw_status tw__run_steps(tw_run *r, uint64_t most, int *status, tw_error *err);
#endif
