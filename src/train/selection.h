/* The fits that come before a job's own run and say how good it will be: one for every fold of its rows
 * (option cv).
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_SELECTION_H
#define TW_TRAIN_SELECTION_H
#include "train/job.h"

/* Made from the job's options, data and model: job->selection, NULL where there is nothing to do. */
tw_status tw__selection_create(tw_job *job, tw_error *err);
void tw__selection_free(tw_job *job);
/* Makes the fits that are left. *status: TW_RUN_INTERRUPTED, or TW_RUN_GOING when all are made. */
tw_status tw__selection_run(tw_job *job, int *status, tw_error *err);
tw_status tw__selection_visit(tw_job *job, tw_visitor *v, tw_error *err);
/* Puts what they say into the result. */
void tw__selection_json(tw__json_builder *b, json_t *result, const tw_job *job);
#endif
