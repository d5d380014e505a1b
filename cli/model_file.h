/* What eval and predict share: a model from a run's folder or a file, and the rows to look at.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_MODEL_FILE_H
#define CLI_MODEL_FILE_H
#include "cli.h"
#include <thalweg/train.h>

struct cli_model_on_data {
    tw_context *ctx;
    tw_model *model;
    tw_data *data;
    tw_objective objective;
    int bound; /* the objective is there */
};
/* The first word is the model, a run's folder or a model file, the others are DATA, read as `data` says; of a
 * folder the t10k files. `labels`: rows without labels are an error. */
tw_status cli_open_model(struct cli_model_on_data *out, const struct cli_call *call, tw_job_options *data,
                         int labels, tw_error *err);
void cli_close_model(struct cli_model_on_data *m); /* also after a failure */
#endif
