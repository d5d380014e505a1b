/* Greedy pre-training of a network, layer by layer, before a job's run.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_PRETRAIN_H
#define TW_TRAIN_PRETRAIN_H
#include "train/job.h"

/* TW_ERR_SPEC: options that cannot be with pre-training, or have no effect without. */
tw_status tw__pretrain_check(const tw_job_options *o, tw_error *err);
/* Trains the hidden dense layers of the job's model, which has its initial weights. TW_ERR_SPEC: it has none,
 * or is no network; TW_ERR_DATA: rows that do not fit the model. */
tw_status tw__pretrain(tw_job *job, tw_error *err);
#endif
