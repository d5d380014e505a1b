/* thalweg generate: text from a model of texts.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <errno.h>
#include <string.h>
#include <thalweg/generate.h>

struct values {
    struct cli_common common;
    tw_generate_options generate;
};

static const struct values initial = {.generate = TW_GENERATE_OPTIONS_INIT};

static const struct cli_option options[] =
    {{"prompt", 0, CLI_TEXT, offsetof(struct values, generate.prompt), "TEXT", 0, 0,
      "what the text begins with (default: a new line)"},
     {"characters", 0, CLI_NATURAL, offsetof(struct values, generate.characters), "N", 1, 0,
      "how many to make (default: 500)"},
     {"temperature", 0, CLI_REAL, offsetof(struct values, generate.temperature), "T", 0, 1e6,
      "below 1 likely characters become likelier, 0 takes always the likeliest (default: 1)"},
     {"top", 0, CLI_NATURAL, offsetof(struct values, generate.top), "K", 1, 0,
      "draw among the K likeliest characters only"},
     {"seed", 0, CLI_NATURAL, offsetof(struct values, generate.seed), "S", 0, 0, "of the draws (default: 0)"},
     CLI_QUIET,
     CLI_VERBOSE,
     CLI_END};

/* The prompt comes before the first character: once it is known to be one. */
static int put(void *user, const char *character)
{
    const char **const prompt = user;
    if (*prompt) fputs(*prompt, stdout);
    *prompt = NULL;
    return fputs(character, stdout) < 0 || (*character == '\n' && fflush(stdout) != 0);
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct values *const v = call->values;
    tw_context *ctx = NULL;
    tw_model *model = NULL;
    const char *prompt = v->generate.prompt;
    v->generate.put = put;
    v->generate.user = &prompt;
    tw_status status = cli_context(&v->common, &ctx, err);
    if (status == TW_OK) status = tw_model_load(&model, ctx, call->word[0], err);
    if (status == TW_OK) status = tw_generate(model, &v->generate, err);
    if (status == TW_OK) putchar('\n');
    if (status == TW_STOPPED)
        status = cli_fail(err, TW_ERR_SYSTEM, "cannot write to the standard output: %s", strerror(errno));
    tw_model_free(model);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_generate = {
    .name = "generate",
    .usage = "MODEL [--prompt TEXT] [OPTION...]",
    .help = "text from a model that has learnt one",
    .examples =
        "thalweg train play.txt --format text --model \"embedding classes 32; lstm 256 carry=1; dense classes softmax\" --out out/play\n"
        "thalweg generate out/play --prompt \"ROMEO:\" --temperature 0.8\n"
        "thalweg generate out/play --characters 200 --seed 7",
    .least = 1,
    .most = 1,
    .options = options,
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
