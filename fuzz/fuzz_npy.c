/* Fuzz target: any bytes as an npy or npz file. What opens is whole, and has the same bits when it is read
 * again with its schema; what is refused is told with a message.
 * SPDX-License-Identifier: MIT */
#include "rows.h"

static void try_options(const uint8_t *bytes, size_t n, tw_data_options o)
{
    tw_data *data = open_input(bytes, n, &o, 1);
    if (!data) return;
    const tw_data_info r = rows_of(data);
    MUST(!r.starts);
    o.schema = r.schema;
    tw_data *again = open_input(bytes, n, &o, 0);
    MUST(again && strcmp(rows_of(again).fingerprint, r.fingerprint) == 0);
    tw_data_free(again);
    tw_data_free(data);
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
