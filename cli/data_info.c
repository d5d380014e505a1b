/* thalweg data info: what a data set holds.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "table.h"
#include <stdlib.h>

static const struct cli_option options[] = {CLI_JSON, CLI_VERBOSE, CLI_END};

static json_t *part_json(const tw_data_info *info)
{
    json_t *shape = json_array();
    for (int i = 0; i < info->rank; i++) json_array_append_new(shape, json_integer(info->shape[i]));
    json_t *part = json_pack("{s:I, s:o, s:s, s:o}", "rows", (json_int_t)info->rows, "shape", shape, "type",
                             tw_type_name(info->type), "fingerprint", cli_string(info->fingerprint));
    if (part && info->labels) json_object_set_new(part, "classes", json_integer(info->classes));
    if (part && info->class_labels) {
        json_t *labels = json_array();
        for (int32_t i = 0; i < info->classes; i++)
            json_array_append_new(labels, json_integer(info->class_labels[i]));
        json_object_set_new(part, "labels", labels);
    }
    return part;
}

static tw_status print_part(const char *name, const tw_data_info *info, tw_error *err)
{
    char rows[32], *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to) return cli_fail(err, TW_ERR_MEMORY, "out of memory");
    fprintf(to, "%-5s  %s rows of ", name, cli_grouped(info->rows, rows));
    for (int i = 0; i < info->rank; i++) fprintf(to, i ? " x %lld" : "%lld", (long long)info->shape[i]);
    fprintf(to, " %s", tw_type_name(info->type));
    if (info->labels) fprintf(to, ", %d class%s", (int)info->classes, info->classes == 1 ? "" : "es");
    for (int32_t i = 0; info->class_labels && i < info->classes; i++)
        fprintf(to, i ? " %d" : ": %d", (int)info->class_labels[i]);
    fprintf(to, ", fingerprint %s", info->fingerprint ? info->fingerprint : "-");
    const int failed = fclose(to);
    if (!failed) cli_print_row(0, 7, "%s", text);
    free(text);
    return failed ? cli_fail(err, TW_ERR_MEMORY, "out of memory") : TW_OK;
}

static tw_status print(const struct cli_common *common, tw_data *const part[2], tw_error *err)
{
    static const char *const name[2] = {"train", "test"};
    json_t *all = json_object();
    for (int i = 0; i < 2; i++) {
        if (!part[i]) continue;
        tw_data_info info = {.size = sizeof info};
        tw_status status = tw_data_info_get(part[i], &info, err);
        if (status == TW_OK) json_object_set_new(all, name[i], part_json(&info));
        if (status == TW_OK && !common->json) status = print_part(name[i], &info, err);
        if (status != TW_OK) {
            json_decref(all);
            return status;
        }
    }
    if (common->json) return cli_print_json(all, err);
    json_decref(all);
    return TW_OK;
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct cli_common *common = call->values;
    tw_context *ctx = NULL;
    tw_data *part[2] = {NULL, NULL};
    CLI_TRY(cli_context(common, &ctx, err));
    tw_status status = cli_open_data(ctx, common, call->word[0], (tw_data_options)TW_DATA_OPTIONS_INIT,
                                     &part[0], &part[1], err);
    if (status == TW_OK) status = print(common, part, err);
    tw_data_free(part[0]);
    tw_data_free(part[1]);
    tw_context_free(ctx);
    return status;
}

const struct cli_command cli_command_data_info = {
    .name = "data info",
    .usage = "DATA [--json]",
    .help = "what a data set holds",
    .examples = "thalweg data info digits\nthalweg data info my-images --json",
    .least = 1,
    .most = 1,
    .options = options,
    .size = sizeof(struct cli_common),
    .run = run,
};
