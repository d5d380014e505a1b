/* Shared by the fuzz targets of files of rows: opening the input, and reading it again.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FUZZ_ROWS_H
#define TW_FUZZ_ROWS_H
#include "one_file.h"
#include <thalweg/data.h>

static one_file file;
static tw_context *ctx;

/* Opens the input; NULL: it was refused, with a message. may_not_fit: its options may be what is wrong. */
static inline tw_data *open_input(const uint8_t *bytes, size_t n, const tw_data_options *o, int may_not_fit)
{
    tw_data *data;
    tw_error err = {0};
    file.bytes = bytes;
    file.n = n;
    if (tw_data_open(ctx, "input", o, &data, NULL, NULL, &err) == TW_OK) return data;
    MUST(!data && err.message[0]);
    MUST(err.code == TW_ERR_DATA || err.code == TW_ERR_MEMORY || (may_not_fit && err.code == TW_ERR_SPEC));
    return NULL;
}

static inline tw_data_info rows_of(const tw_data *data)
{
    tw_data_info r = {.size = sizeof r};
    MUST(tw_data_info_get(data, &r, NULL) == TW_OK && r.rows > 0 && r.schema);
    return r;
}
#endif
