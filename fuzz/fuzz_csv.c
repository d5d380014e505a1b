/* Fuzz target: any text as a table. Rows that are accepted fit their own schema: read again with it, they
 * have the same bits; what is refused is told with a message.
 * SPDX-License-Identifier: MIT */
#include "rows.h"

/* Labels have to be among those of the training rows, and are. */
static void read_again(const uint8_t *bytes, size_t n, const tw_data *data, tw_data_options o)
{
    const tw_data_info r = rows_of(data);
    MUST(!r.starts || o.hash_bits || r.shape[0] > 1000);
    o.schema = r.schema;
    if (o.columns || o.label) return; /* which a header with such names would have made another table of */
    tw_data *again = open_input(bytes, n, &o, 0);
    MUST(again);
    const tw_data_info same = rows_of(again);
    MUST(same.rows == r.rows && same.shape[0] == r.shape[0] && same.classes == r.classes);
    tw_data_free(again);
}

static void try_options(const uint8_t *bytes, size_t n, const tw_data_options *o)
{
    tw_data *data = open_input(bytes, n, o, 1);
    if (data && !o->schema) read_again(bytes, n, data, *o);
    tw_data_free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    if (!ctx) ctx = one_file_context(&file);
    o.most_bytes = 1 << 18;
    o.format = "csv";
    try_options(bytes, n, &o);
    o.missing = "mean";
    o.hash_bits = 5;
    try_options(bytes, n, &o);
    o.hash_bits = 0;
    o.skip_bad = 2;
    o.columns = "a 1-2";
    o.label = "-1";
    try_options(bytes, n, &o);
    o.missing = "skip";
    o.columns = NULL;
    o.group_by = "1";
    o.without = "b";
    try_options(bytes, n, &o);
    o.label = "y 1 b,-1"; /* several */
    o.without = o.group_by = NULL;
    try_options(bytes, n, &o);
    o.schema = "{\"width\":1,\"fields\":3,\"label\":[{\"name\":\"y\",\"at\":2},{\"name\":\"b\",\"at\":0}],"
               "\"columns\":[{\"name\":\"a\",\"at\":1}]}";
    o.label = NULL;
    try_options(bytes, n, &o);
    o.unlabelled = 1;
    o.schema =
        "{\"width\":3,\"fields\":3,\"label\":{\"name\":\"y\",\"at\":1},\"classes\":[\"0\",\"1\"],\"columns\":"
        /* as a model has it */
        "[{\"name\":\"a\",\"at\":0,\"fill\":1},{\"name\":\"b\",\"at\":2,\"levels\":[\"p\",\"q\"]}]}";
    try_options(bytes, n, &o);
    o.schema = "{\"width\":3,\"base\":1}";
    try_options(bytes, n, &o);
    return 0;
}
