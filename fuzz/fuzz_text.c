/* Fuzz target: any bytes as a text. What opens is whole, and read again by its own symbols it is the same;
 * what is refused is told with a message.
 * SPDX-License-Identifier: MIT */
#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    if (!ctx) ctx = one_file_context(&file);
    o.most_bytes = 1 << 18;
    o.format = "text";
    o.length = 3;
    tw_data *data = open_input(bytes, n, &o, 1);
    if (data) {
        const tw_data_info r = rows_of(data);
        const float *const x = r.x;
        MUST(r.rows > 0 && r.shape[0] == 3 && r.n_labels == 3 && r.classes > 0);
        for (size_t i = 0; i < r.rows * 3; i++) {
            MUST(x[i] >= 0 && x[i] < (float)r.classes && r.labels[i] < r.classes);
            MUST(i == 0 || (float)r.labels[i - 1] == x[i]);
        }
        o.schema = r.schema;
        tw_data *again = open_input(bytes, n, &o, 0);
        MUST(again);
        MUST(strcmp(rows_of(again).fingerprint, r.fingerprint) == 0);
        tw_data_free(again);
    }
    tw_data_free(data);
    o.length = 0;
    o.schema = "{\"width\":2,\"text\":true,\"classes\":[\"\\n\",\"a\",\"\\u00e9\"]}"; /* as a model has it */
    tw_data_free(open_input(bytes, n, &o, 1));
    return 0;
}
