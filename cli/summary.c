/* thalweg summary: a model's layers, shapes and parameters for some data, without training.
 * SPDX-License-Identifier: MIT */
#include "layer_table.h"

struct values {
    struct cli_common common;
    const char *model;
    tw_job_options job;
};

static const struct cli_option options[] = {
    {"model", 0, CLI_TEXT, offsetof(struct values, model), "M", 0, 0,
     "a name (thalweg models), e.g. logistic:l2=1e-4, or a network, e.g. \"flatten; dense 128 relu; dense classes softmax\""},
    CLI_JSON,
    CLI_VERBOSE,
    CLI_END};

static const struct values initial = {.job = TW_JOB_OPTIONS_INIT};

static tw_status print(const struct values *v, tw_context *ctx, const tw_data *data, tw_error *err)
{
    tw_model *model = NULL;
    CLI_TRY(tw_model_create(&model, ctx, v->model, TW_F32, data, 0, err));
    const tw_status status = v->common.json ? cli_print_json(cli_layers_json(model), err) : TW_OK;
    if (!v->common.json) cli_print_layers(stdout, model);
    tw_model_free(model);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct values *v = call->values;
    tw_context *ctx = NULL;
    tw_data *train = NULL, *test = NULL;
    if (!v->model) return cli_fail(err, TW_ERR_SPEC, "missing --model (thalweg models lists them)");
    CLI_TRY(cli_context(&v->common, &ctx, err));
    v->job.model = v->model;
    tw_status status = cli_take_data(call, 0, &v->job, err);
    if (status == TW_OK) status = cli_open_data(ctx, &v->common, &v->job, 0, NULL, &train, &test, err);
    if (status == TW_OK) status = print(v, ctx, train ? train : test, err);
    tw_data_free(train);
    tw_data_free(test);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_summary = {
    .name = "summary",
    .usage = "--model M DATA... [OPTION...]",
    .help = "a model's layers, shapes and parameters",
    .examples = "thalweg summary --model cnn digits",
    .least = 1,
    .most = INT_MAX,
    .options = options,
    .fields = tw_read_fields,
    .fields_at = offsetof(struct values, job),
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
