/* Greedy pre-training of a network, layer by layer, before a job's run.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_PRETRAIN_H
#define TW_TRAIN_PRETRAIN_H
#include "train/job.h"

/* TW_ERR_SPEC: options that cannot be with pre-training, or have no effect without. */
tw_status tw__pretrain_check(const tw_job_options *o, tw_error *err);
/* TW_ERR_SPEC: the model has no hidden dense layer, or is no network. */
tw_status tw__pretrain_check_model(const tw_model *model, tw_error *err);
/* Trains the hidden dense layers of the job's model, which has its initial weights but for the first
 * job->pretrained of them. *status = TW_RUN_INTERRUPTED: the caller's callback stopped it, and the layer that
 * it was at is as it was before. TW_ERR_DATA: rows that do not fit the model. */
tw_status tw__pretrain(tw_job *job, int *status, tw_error *err);
#endif
