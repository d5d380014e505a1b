/* Fuzz target: any bytes as a file of CIFAR-10. What opens holds every byte of its records.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include <thalweg/data.h>

enum { PLANE = 1024, RECORD = 1 + 3 * PLANE };
static one_file file;

static void compare(const tw_data_info *r, const uint8_t *bytes)
{
    for (uint64_t k = 0; k < r->rows; k++, bytes += RECORD) {
        MUST(r->labels[k] == bytes[0]);
        for (int i = 0; i < 3 * PLANE; i++)
            MUST(((const uint8_t *)r->x)[k * 3 * PLANE + (uint64_t)(i % PLANE * 3 + i / PLANE)] ==
                 bytes[1 + i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static tw_context *ctx;
    tw_data *data;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw_error err;
    if (!ctx) ctx = one_file_context(&file);
    file.bytes = bytes;
    file.n = n;
    o.format = "cifar10";
    o.most_bytes = 1 << 18;
    if (tw_data_open(ctx, "input", &o, &data, NULL, NULL, &err) != TW_OK) {
        MUST(err.message[0] && (err.code == TW_ERR_DATA || err.code == TW_ERR_MEMORY));
        return 0;
    }
    tw_data_info r = {.size = sizeof r};
    MUST(tw_data_info_get(data, &r, NULL) == TW_OK && r.rank == 3 && r.rows > 0 && r.classes == 10);
    if (bytes[0] < 10) compare(&r, bytes); /* else it was packed */
    tw_data_free(data);
    return 0;
}
