/* thalweg data make: writes a generated data set.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <string.h>
#include <thalweg/data.h>

struct values {
    struct cli_common common;
    const char *out;
    uint64_t seed, train, test, columns, nonzeros;
    int force;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] =
    {{"out", 0, CLI_TEXT, AT(out), "PATH", 0, 0,
      "digits: the folder for the four IDX files; sparse: the file"},
     {"seed", 0, CLI_NATURAL, AT(seed), "S", 0, 0, "seed of images or rows (0)"},
     {"train", 0, CLI_NATURAL, AT(train), "N", 1, 1e9, "training images (60000) or rows (20000)"},
     {"test", 0, CLI_NATURAL, AT(test), "N", 0, 1e9,
      "test images (10000), or test rows (5000; 0: none), which become PATH.t"},
     {"columns", 0, CLI_NATURAL, AT(columns), "N", 1, 1e8, "sparse: columns (20000)"},
     {"nonzeros", 0, CLI_NATURAL, AT(nonzeros), "N", 1, 10000,
      "sparse: numbers in a row, on the average (50); as many as columns: dense rows"},
     {"force", 0, CLI_FLAG, AT(force), NULL, 0, 0, "replace a data set that is there"},
     CLI_THREADS,
     CLI_QUIET,
     CLI_VERBOSE,
     CLI_END};

static const struct values initial = {.train = 60000, .test = 10000, .columns = 20000, .nonzeros = 50};

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
        if (snprintf(path, sizeof path, "%s/%s-ubyte%s", directory, names[i % 8], ends[i / 8]) >= PATH_MAX)
            return cli_fail(err, TW_ERR_SPEC, "--out: the folder's name is too long");
        CLI_TRY(cli_new_file(path, 0, err));
    }
    return TW_OK;
}

static tw_status make_digits(const struct cli_call *call, tw_context *ctx, tw_error *err)
{
    const struct values *v = call->values;
    static const char *const others[] = {"columns", "nonzeros"};
    for (int i = 0; i < 2; i++)
        if (cli_given(call, others[i]))
            return cli_fail(err, TW_ERR_SPEC, "--%s is for the data set sparse", others[i]);
    static const char *const files[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    char path[PATH_MAX];
    if (!v->force) CLI_TRY(check_directory(v->out, err));
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", v->out, files[i]);
        cli_remove_if_interrupted(path);
    }
    cli_catch_signals();
    return tw_data_make_digits(ctx, v->out, v->seed, v->train, v->test, err);
}

static tw_status make_sparse(const struct cli_call *call, tw_context *ctx, tw_error *err)
{
    const struct values *v = call->values;
    tw_sparse_set set = TW_SPARSE_SET_INIT;
    char test[PATH_MAX];
    set.seed = v->seed;
    set.columns = v->columns;
    set.nonzeros = v->nonzeros;
    if (cli_given(call, "train")) set.train = v->train;
    if (cli_given(call, "test")) set.test = v->test;
    snprintf(test, sizeof test, "%s.t", v->out);
    CLI_TRY(cli_new_file(v->out, v->force, err));
    if (set.test) CLI_TRY(cli_new_file(test, v->force, err));
    cli_remove_if_interrupted(v->out);
    cli_remove_if_interrupted(test);
    cli_catch_signals();
    return tw_data_make_sparse(ctx, v->out, &set, err);
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    static const struct {
        const char *name;
        tw_status (*make)(const struct cli_call *call, tw_context *ctx, tw_error *err);
    } sets[] = {{"digits", make_digits}, {"sparse", make_sparse}};
    const struct values *v = call->values;
    size_t i = 0;
    tw_context *ctx = NULL;
    while (i < 2 && strcmp(call->word[0], sets[i].name)) i++;
    if (i == 2)
        return cli_fail(err, TW_ERR_SPEC, "unknown data set \"%.60s\" (there are \"digits\" and \"sparse\")",
                        call->word[0]);
    if (!v->out)
        return cli_fail(err, TW_ERR_SPEC, "missing --out (usage: thalweg data make %s)",
                        call->command->usage);
    CLI_TRY(cli_context(&v->common, &ctx, err));
    const tw_status status = sets[i].make(call, ctx, err);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_data_make = {
    .name = "data make",
    .usage =
        "digits|sparse --out PATH [--train N] [--test N] [--columns N] [--nonzeros N] [--seed S] [--force]",
    .help = "write a generated data set",
    .examples = "thalweg data make digits --out small --train 6000 --test 1000\n"
                "thalweg data make sparse --out words.svm --columns 50000 --nonzeros 70",
    .least = 1,
    .most = 1,
    .options = options,
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
