/* Fuzz target: any bytes as a data set, plain or packed. What opens must be whole, and say the same when
 * written and read again.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include "data/idx.h"
#include <thalweg/data.h>

static one_file file;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static tw_context *ctx;
    if (!ctx) ctx = one_file_context(&file);
    file.bytes = bytes;
    file.n = n;
    tw__idx idx, again;
    tw_error err;
    const uint64_t cap = 1 << 18;
    if (tw__idx_read(&idx, ctx, "input", 0, cap, &err) == TW_OK) {
        size_t product = 1;
        for (int i = 0; i < idx.rank; i++) product *= (size_t)idx.shape[i];
        MUST(product == idx.n && idx.n > 0 && idx.n <= cap);
        static uint8_t copy[sizeof file.written];
        tw__writer w;
        MUST(tw__idx_put(&w, ctx, "output", idx.rank, idx.shape, idx.bytes, &err) == TW_OK);
        MUST(tw__writer_finish(&w, &err) == TW_OK);
        memcpy(copy, file.written, file.n_written);
        file.bytes = copy;
        file.n = file.n_written;
        MUST(tw__idx_read(&again, ctx, "input", idx.rank, cap, &err) == TW_OK);
        MUST(again.n == idx.n && memcmp(again.bytes, idx.bytes, idx.n) == 0);
        tw__idx_free(&again, ctx);
        file.bytes = bytes;
        file.n = n;
        tw__idx_free(&idx, ctx);
    } else {
        MUST(err.message[0] && (err.code == TW_ERR_DATA || err.code == TW_ERR_MEMORY));
    }
    tw_data *test;
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.most_bytes = cap;
    if (tw_data_open(ctx, "input", &o, NULL, NULL, &test, &err) == TW_OK) tw_data_free(test);
    return 0;
}
