/* Fuzz target: any bytes as an npy or npz file. What opens is whole, and has the same bits when it is read
 * again with its schema; what is refused is told with a message.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include <thalweg/data.h>

static one_file file;
static tw_context *ctx;

static void try_options(const uint8_t *bytes, size_t n, tw_data_options o)
{
    tw_data *data, *again;
    tw_error err = {0};
    file.bytes = bytes;
    file.n = n;
    if (tw_data_open(ctx, "input", &o, &data, NULL, NULL, &err) == TW_OK) {
        tw_data_info r = {.size = sizeof r}, same = {.size = sizeof same};
        MUST(tw_data_info_get(data, &r, &err) == TW_OK && r.rows > 0 && !r.starts && r.schema);
        o.schema = r.schema;
        MUST(tw_data_open(ctx, "input", &o, &again, NULL, NULL, &err) == TW_OK);
        MUST(tw_data_info_get(again, &same, &err) == TW_OK && strcmp(same.fingerprint, r.fingerprint) == 0);
        tw_data_free(again);
        tw_data_free(data);
    } else {
        MUST(!data && err.message[0] &&
             (err.code == TW_ERR_DATA || err.code == TW_ERR_MEMORY || err.code == TW_ERR_SPEC));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    if (!ctx) ctx = one_file_context(&file);
    o.most_bytes = 1 << 18;
    o.format = "npy";
    o.targets = TW_TARGETS_CLASSES;
    try_options(bytes, n, o);
    o.missing = "mean";
    o.skip_bad = 1;
    try_options(bytes, n, o);
    o.missing = "skip";
    o.unlabelled = 1;
    o.group_by = "1";
    try_options(bytes, n, o);
    return 0;
}
