/* thalweg model convert: a linear model as liblinear's text, or a text of liblinear's as a model file.
 * SPDX-License-Identifier: MIT */
#include "cli.h"

struct values {
    struct cli_common common;
    int to, force;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    {"to", 0, CLI_WORD, AT(to), "liblinear|safetensors", 0, 0,
     "what FILE is to be: liblinear's text, which liblinear-predict reads (the default), or a model file of ours"},
    {"force", 0, CLI_FLAG, AT(force), NULL, 0, 0, "replace a file that is there"},
    CLI_END};

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    tw_context *ctx;
    tw_model *model = NULL;
    CLI_TRY(cli_new_file(call->word[1], v->force, err));
    CLI_TRY(cli_context(&v->common, &ctx, err));
    tw_status status = tw_model_load(&model, ctx, call->word[0], err);
    if (status == TW_OK)
        status = v->to ? tw_model_save(model, NULL, call->word[1], err)
                       : tw_model_save_liblinear(model, NULL, call->word[1], err);
    tw_model_free(model);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_model_convert = {
    .name = "model convert",
    .usage = "MODEL FILE [--to liblinear|safetensors] [--force]",
    .help = "write a linear model as liblinear's text, or read one",
    .examples =
        "thalweg train digits --model svm --epochs 1 --out out/svm\nthalweg model convert out/svm svm.model",
    .least = 2,
    .most = 2,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
