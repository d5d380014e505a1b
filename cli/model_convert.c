/* thalweg model convert: a model as ONNX or, if it is linear, as liblinear's text, or such a text as a model
 * file.
 * SPDX-License-Identifier: MIT */
#include "cli.h"

struct values {
    struct cli_common common;
    int to, force;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    {"to", 0, CLI_WORD, AT(to), "liblinear|safetensors|onnx", 0, 0,
     "what FILE is to be: liblinear's text, which liblinear-predict reads (the default), a model file of ours, or ONNX"},
    {"force", 0, CLI_FLAG, AT(force), NULL, 0, 0, "replace a file that is there"},
    CLI_END};

static tw_status run(const struct cli_call *call, tw_error *err)
{
    static tw_status (*const save[])(const tw_model *, const void *, const char *,
                                     tw_error *) = {tw_model_save_liblinear, tw_model_save,
                                                    tw_model_save_onnx};
    const struct values *v = call->values;
    tw_context *ctx;
    tw_model *model = NULL;
    CLI_TRY(cli_new_file(call->word[1], v->force, err));
    CLI_TRY(cli_context(&v->common, &ctx, err));
    tw_status status = tw_model_load(&model, ctx, call->word[0], err);
    if (status == TW_OK) status = save[v->to](model, NULL, call->word[1], err);
    tw_model_free(model);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_model_convert = {
    .name = "model convert",
    .usage = "MODEL FILE [--to liblinear|safetensors|onnx] [--force]",
    .help = "write a model as ONNX or liblinear's text, or read such a text",
    .examples =
        "thalweg train digits --model svm --epochs 1 --out out/svm\nthalweg model convert out/svm svm.model\nthalweg model convert out/svm svm.onnx --to onnx",
    .least = 2,
    .most = 2,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
