/* thalweg data info: what a data set holds.
 * SPDX-License-Identifier: MIT */
#include "data_columns.h"
#include "table.h"
#include <stdlib.h>

struct values {
    struct cli_common common;
    tw_job_options job;
};

static const struct cli_option options[] = {CLI_JSON, CLI_VERBOSE, CLI_END};

static const struct values initial = {.job = TW_JOB_OPTIONS_INIT};

static json_t *part_json(const tw_data_info *info)
{
    json_t *shape = json_array();
    for (int i = 0; i < info->rank; i++) shape = cli_add(shape, json_integer(info->shape[i]));
    json_t *part = json_pack("{s:I, s:o, s:s, s:o}", "rows", (json_int_t)info->rows, "shape", shape, "type",
                             tw_type_name(info->type), "fingerprint", cli_string(info->fingerprint));
    if (info->labels) part = cli_put(part, "classes", json_integer(info->classes));
    if (info->starts)
        part =
            cli_put(part, "numbers", json_integer((json_int_t)(info->starts[info->rows] - info->starts[0])));
    if (info->left_out) part = cli_put(part, "left_out", json_integer((json_int_t)info->left_out));
    if (info->class_labels) {
        json_t *labels = json_array();
        for (int32_t i = 0; i < info->classes; i++)
            labels = cli_add(labels, json_integer(info->class_labels[i]));
        part = cli_put(part, "labels", labels);
    }
    return part;
}

static tw_status print_part(const char *name, const tw_data_info *info, tw_error *err)
{
    const size_t labels = info->class_labels ? (size_t)info->classes : 0, size = 512 + 24 * labels;
    char rows[32], *text = cli_alloc(size, 1, err);
    if (!text) return TW_ERR_MEMORY;
    size_t n = cli_append(text, size, 0, "%-5s  %s rows of ", name, cli_grouped(info->rows, rows));
    for (int i = 0; i < info->rank; i++)
        n = cli_append(text, size, n, i ? " x %lld" : "%lld", (long long)info->shape[i]);
    n = cli_append(text, size, n, " %s", tw_type_name(info->type));
    if (info->labels)
        n = cli_append(text, size, n, ", %d class%s", (int)info->classes, info->classes == 1 ? "" : "es");
    for (size_t i = 0; i < labels; i++)
        n = cli_append(text, size, n, i ? " %d" : ": %d", (int)info->class_labels[i]);
    cli_append(text, size, n, ", fingerprint %s", info->fingerprint ? info->fingerprint : "-");
    cli_print_row(0, 7, text);
    free(text);
    return TW_OK;
}

static tw_status print(const struct cli_common *common, tw_data *const part[2], tw_error *err)
{
    static const char *const name[2] = {"train", "test"};
    json_t *all = common->json ? json_object() : NULL;
    tw_status status = TW_OK;
    for (int i = 0; i < 2 && status == TW_OK; i++) {
        if (!part[i]) continue;
        tw_data_info info = {.size = sizeof info};
        status = tw_data_info_get(part[i], &info, err);
        if (status == TW_OK) status = tw_data_check(part[i], err);
        json_t *json = status == TW_OK && common->json ? part_json(&info) : NULL;
        if (status == TW_OK && !common->json) status = print_part(name[i], &info, err);
        if (status == TW_OK) status = cli_data_columns(part[i], &info, common->json ? &json : NULL, err);
        if (common->json) all = cli_put(all, name[i], json);
    }
    if (status == TW_OK && common->json) return cli_print_json(all, err);
    json_decref(all);
    return status;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    struct values *v = call->values;
    const struct cli_common *common = &v->common;
    tw_context *ctx = NULL;
    tw_data *part[2] = {NULL, NULL};
    CLI_TRY(cli_take_data(call, 0, &v->job, err));
    CLI_TRY(cli_context(common, &ctx, err));
    tw_status status = cli_open_data(ctx, common, &v->job, 0, NULL, &part[0], &part[1], err);
    if (status == TW_OK) status = print(common, part, err);
    tw_data_free(part[0]);
    tw_data_free(part[1]);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_data_info = {
    .name = "data info",
    .usage = "DATA... [OPTION...]",
    .help = "what a data set holds",
    .examples = "thalweg data info digits\nthalweg data info my-images --json",
    .least = 1,
    .most = INT_MAX,
    .options = options,
    .fields = tw_read_fields,
    .fields_at = offsetof(struct values, job),
    .size = sizeof(struct values),
    .initial = &initial,
    .run = run,
};
