/* thalweg data make: writes a generated data set.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <string.h>
#include <thalweg/data.h>

struct values { struct cli_common common; const char *out; uint64_t seed, train, test; };
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] = {
    { "out", 0, CLI_TEXT, AT(out), "DIR", 0, 0, "the folder for the four IDX files" },
    { "seed", 0, CLI_NATURAL, AT(seed), "S", 0, 0, "seed of the images (0)" },
    { "train", 0, CLI_NATURAL, AT(train), "N", 1, 10000000, "training images (60000)" },
    { "test", 0, CLI_NATURAL, AT(test), "N", 1, 10000000, "test images (10000)" },
    CLI_THREADS, CLI_QUIET, CLI_VERBOSE, CLI_END
};

static const struct values initial = { .train = 60000, .test = 10000 };

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    tw_context *ctx = NULL;
    if (strcmp(call->word[0], "digits")) return cli_fail(err, TW_ERR_SPEC, "unknown data set \"%.60s\" (there is \"digits\")", call->word[0]);
    if (!v->out) return cli_fail(err, TW_ERR_SPEC, "missing --out (usage: thalweg data make %s)", call->command->usage);
    CLI_TRY(cli_context(&v->common, &ctx, err));
    tw_status status = tw_data_make_digits(ctx, v->out, v->seed, v->train, v->test, err);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_data_make = {
    .name = "data make", .usage = "digits --out DIR [--train N] [--test N] [--seed S]", .help = "write a generated data set",
    .examples = "thalweg data make digits --out digits\nthalweg data make digits --out small --train 6000 --test 1000",
    .least = 1, .most = 1, .options = options, .size = sizeof(struct values), .initial = &initial, .run = run,
};
