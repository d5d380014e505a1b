/* thalweg data convert: rows of files in the form in which they open at once.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <sys/stat.h>

struct values {
    struct cli_common common;
    tw_job_options job;
    const char *out, *like;
    int force;
};
#define AT(member) offsetof(struct values, member)

static const struct cli_option options[] =
    {{"out", 0, CLI_TEXT, AT(out), "FILE", 0, 0, "the file of converted rows, such as rows.twd"},
     {"like", 0, CLI_TEXT, AT(like), "FILE", 0, 0,
      "training rows, converted or not, whose columns these rows are to have: for rows to test on"},
     {"force", 0, CLI_FLAG, AT(force), NULL, 0, 0, "replace a file that is there"},
     CLI_THREADS,
     CLI_QUIET,
     CLI_VERBOSE,
     CLI_END};

static const struct values initial = {.job = TW_JOB_OPTIONS_INIT};

/* With the columns of other rows, if they are to have those. */
static tw_status convert(struct values *v, tw_context *ctx, tw_error *err)
{
    tw_job_options like = TW_JOB_OPTIONS_INIT;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_data_info info = {.size = sizeof info};
    tw_data *training = NULL;
    like.data = v->like;
    CLI_TRY(tw_job_data_options(&v->job, &o, err));
    tw_status status = v->like ? cli_open_data(ctx, &v->common, &like, 0, NULL, &training, NULL, err) : TW_OK;
    if (training && status == TW_OK) status = tw_data_info_get(training, &info, err);
    o.schema = info.schema;
    if (status == TW_OK) status = tw_data_convert(ctx, v->job.data, &o, v->out, err);
    tw_data_free(training);
    return status;
}

/* What the file holds, as it opens. */
static tw_status tell(const struct values *v, tw_context *ctx, tw_error *err)
{
    struct stat file;
    tw_data *data;
    tw_data_info info = {.size = sizeof info};
    char rows[32];
    CLI_TRY(tw_data_open(ctx, v->out, NULL, &data, NULL, NULL, err));
    const tw_status status = tw_data_info_get(data, &info, err);
    if (status == TW_OK && !v->common.quiet && stat(v->out, &file) == 0)
        cli_say("%s: %s rows of %lld %s, %.3g MB", v->out, cli_grouped(info.rows, rows),
                (long long)info.shape[0], tw_type_name(info.type), (double)file.st_size / 1e6);
    tw_data_free(data);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct values *v = call->values;
    tw_context *ctx = NULL;
    if (!v->out)
        return cli_fail(err, TW_ERR_SPEC, "missing --out (usage: thalweg data convert %s)",
                        call->command->usage);
    CLI_TRY(cli_new_file(v->out, v->force, err));
    for (int i = 0; i < call->n; i++)
        if (cli_is_same(call->word[i], v->out))
            return cli_fail(err, TW_ERR_SPEC, "%.300s would be replaced by its own rows", call->word[i]);
    if (v->like && cli_is_same(v->like, v->out))
        return cli_fail(err, TW_ERR_SPEC, "--like %.300s would be replaced by these rows", v->like);
    CLI_TRY(cli_take_data(call, 0, &v->job, err));
    CLI_TRY(cli_context(&v->common, &ctx, err));
    tw_status status = convert(v, ctx, err);
    if (status == TW_OK) status = tell(v, ctx, err);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_data_convert = {
    .name = "data convert",
    .usage = "FILE... --out FILE [--like FILE] [OPTION...]",
    .help = "write rows so that they open at once",
    .examples = "thalweg data convert rows.svm --out rows.twd\n"
                "thalweg data convert train.csv --label churn --out train.twd\n"
                "thalweg data convert test.csv --like train.twd --out test.twd",
    .least = 1,
    .most = INT_MAX,
    .options = options,
    .fields = tw_read_fields,
    .fields_at = offsetof(struct values, job),
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
