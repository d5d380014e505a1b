/* thalweg summary: a model's layers, shapes and parameters for some data, without training.
 * SPDX-License-Identifier: MIT */
#include "table.h"
#include <thalweg/data.h>

struct values { struct cli_common common; const char *model; };

static const struct cli_option options[] = {
    { "model", 0, CLI_TEXT, offsetof(struct values, model), "M", 0, 0, "a preset (thalweg models) or a network" },
    CLI_JSON, CLI_VERBOSE, CLI_END
};

static tw_status print(const struct values *v, tw_context *ctx, const tw_data *data, tw_error *err)
{
    tw_model *model = NULL;
    CLI_TRY(tw_model_create(&model, ctx, v->model, TW_F32, data, 0, err));
    tw_status status = v->common.json ? cli_print_json(cli_layers_json(model), err) : cli_print_layers(stdout, model, err);
    tw_model_free(model);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    struct cli_folders folders;
    tw_context *ctx = NULL;
    tw_data *data = NULL;
    if (!v->model) return cli_fail(err, TW_ERR_SPEC, "missing --model (thalweg models lists the presets)");
    CLI_TRY(cli_folders(&folders, err));
    CLI_TRY(cli_context(&v->common, &ctx, err));
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.cache = folders.cache;
    o.home = folders.home;
    tw_status status = tw_data_open(ctx, call->word[0], &o, &data, NULL, NULL, err);
    if (status == TW_OK && !data) status = tw_data_open(ctx, call->word[0], &o, NULL, NULL, &data, err);
    if (status == TW_OK) status = print(v, ctx, data, err);
    tw_data_free(data);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_summary = {
    .name = "summary", .usage = "--model M DATA [--json]", .help = "a model's layers, shapes and parameters",
    .examples = "thalweg summary --model cnn digits",
    .least = 1, .most = 1, .options = options, .size = sizeof(struct values), .run = run,
};
