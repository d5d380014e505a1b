/* The history of a run in parts beside its checkpoint: what was written once is not written again, so that a
 * checkpoint costs the same after any number of epochs. A part holds a fixed number of epochs and ends with a
 * checksum over itself and all parts before it; the checkpoint holds how many parts it counts, the last one's
 * checksum, and the epochs since.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_HISTORY_H
#define TW_TRAIN_HISTORY_H
#include "train/job.h"

/* Writes the parts that are full, before a checkpoint counts them. */
tw_status tw__history_save(tw_job *job, tw_error *err);
/* What the checkpoint says of the parts; visited before the run, whose own list is then the rest. */
tw_status tw__history_visit(tw_job *job, tw_visitor *v, tw_error *err);
/* After the checkpoint is loaded: the epochs of the parts. TW_ERR_DATA or TW_ERR_NOT_FOUND with the part's
 * name. */
tw_status tw__history_load(tw_job *job, tw_error *err);
/* Removes every part in a folder, the last one first: what a kill leaves of it has no gap. */
tw_status tw__history_remove(tw_context *ctx, const char *directory, tw_error *err);

/* Epochs as numbers, in the order of the struct, and back; `from` need not be aligned. */
enum { TW__EPOCH_NUMBERS = sizeof(tw_epoch) / sizeof(double) };
void tw__epochs_to_numbers(const tw_epoch *from, size_t n, double *to);
void tw__epochs_from_numbers(const void *from, size_t n, tw_epoch *to);

/* run_visit.c: the first n epochs of the history are kept elsewhere, and tw_run_visit leaves them out; room
 * for them, to be filled in. */
void tw__run_history_elsewhere(tw_run *run, size_t n);
tw_epoch *tw__run_history_reserve(tw_run *run);
#endif
