/* thalweg data make: writes a generated data set.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <string.h>
#include <sys/stat.h>
#include <thalweg/data.h>

struct values {
    struct cli_common common;
    const char *out;
    uint64_t seed, train, test;
    int force;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] =
    {{"out", 0, CLI_TEXT, AT(out), "DIR", 0, 0, "the folder for the four IDX files"},
     {"seed", 0, CLI_NATURAL, AT(seed), "S", 0, 0, "seed of the images (0)"},
     {"train", 0, CLI_NATURAL, AT(train), "N", 1, 10000000, "training images (60000)"},
     {"test", 0, CLI_NATURAL, AT(test), "N", 1, 10000000, "test images (10000)"},
     {"force", 0, CLI_FLAG, AT(force), NULL, 0, 0, "replace a data set that is there"},
     CLI_THREADS,
     CLI_QUIET,
     CLI_VERBOSE,
     CLI_END};

static const struct values initial = {.train = 60000, .test = 10000};

/* Everything that a data set in this folder may be read from: also a packed file, beside which ours would be
 * read instead. */
static tw_status check_directory(const char *directory, tw_error *err)
{
    static const char *const names[] = {"train-images-idx3", "train-labels-idx1", "t10k-images-idx3",
                                        "t10k-labels-idx1",  "train-images.idx3", "train-labels.idx1",
                                        "t10k-images.idx3",  "t10k-labels.idx1"};
    static const char *const ends[] = {"", ".gz", ".xz", ".zst", ".bz2", ".lz4"};
    for (int i = 0; i < 8 * 6; i++) {
        char path[PATH_MAX];
        struct stat there;
        if (snprintf(path, sizeof path, "%s/%s-ubyte%s", directory, names[i % 8], ends[i / 8]) >= PATH_MAX)
            return cli_fail(err, TW_ERR_SPEC, "--out: the folder's name is too long");
        if (!lstat(path, &there))
            return cli_fail(err, TW_ERR_SPEC,
                            "%.300s is there already (give another --out, or --force to replace it)", path);
    }
    return TW_OK;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    tw_context *ctx = NULL;
    if (strcmp(call->word[0], "digits"))
        return cli_fail(err, TW_ERR_SPEC, "unknown data set \"%.60s\" (there is \"digits\")", call->word[0]);
    if (!v->out)
        return cli_fail(err, TW_ERR_SPEC, "missing --out (usage: thalweg data make %s)",
                        call->command->usage);
    if (!v->force) CLI_TRY(check_directory(v->out, err));
    CLI_TRY(cli_context(&v->common, &ctx, err));
    tw_status status = tw_data_make_digits(ctx, v->out, v->seed, v->train, v->test, err);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_data_make = {
    .name = "data make",
    .usage = "digits --out DIR [--train N] [--test N] [--seed S] [--force]",
    .help = "write a generated data set",
    .examples =
        "thalweg data make digits --out digits\nthalweg data make digits --out small --train 6000 --test 1000",
    .least = 1,
    .most = 1,
    .options = options,
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
