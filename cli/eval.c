/* thalweg eval: loss and accuracy of a model on test rows.
 * SPDX-License-Identifier: MIT */
#include "model_file.h"
#include <math.h>

struct values {
    struct cli_common common;
    tw_job_options job;
};

static const struct values initial = {.job = TW_JOB_OPTIONS_INIT};

static const struct cli_option options[] = {CLI_THREADS, CLI_JSON, CLI_QUIET, CLI_VERBOSE, CLI_END};

static tw_status print(const struct cli_call *call, const tw_metrics *m, tw_error *err)
{
    const struct cli_common *common = call->values;
    if (!isfinite(m->loss))
        return cli_fail(err, TW_ERR_NOT_FINITE, "%.200s: the loss on %.200s is not a finite number",
                        call->word[0], call->word[1]);
    if (common->json)
        return cli_print_json(json_pack("{s:o, s:o, s:I, s:o, s:o}", "loss", cli_number(m->loss), "accuracy",
                                        cli_number(m->accuracy), "examples", (json_int_t)m->examples, "model",
                                        cli_string(call->word[0]), "data", cli_string(call->word[1])),
                              err);
    printf("loss %.6g", m->loss);
    if (!isnan(m->accuracy)) printf("  accuracy %.4f", m->accuracy);
    printf("  examples %llu\n", (unsigned long long)m->examples);
    return TW_OK;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct cli_model_on_data m;
    tw_metrics metrics;
    tw_status status = cli_open_model(&m, call, &((struct values *)call->values)->job, 1, err);
    if (status == TW_OK) status = tw_evaluate(m.ctx, &m.objective, tw_model_weights(m.model), &metrics, err);
    if (status == TW_OK) status = print(call, &metrics, err);
    cli_close_model(&m);
    return status;
}

const struct cli_command cli_command_eval = {
    .name = "eval",
    .usage = "MODEL DATA... [OPTION...]",
    .help = "loss and accuracy of a model on test rows",
    .examples = "thalweg eval out/cnn digits\nthalweg eval out/cnn/model.safetensors my-images --json",
    .least = 2,
    .most = INT_MAX,
    .options = options,
    .fields = tw_read_fields,
    .fields_at = offsetof(struct values, job),
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
