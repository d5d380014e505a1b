/* Fuzz target: any bytes as a safetensors file. What opens lies in the file without gaps, and is written
 * again.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include "file/safetensors.h"

static one_file file;
static tw_context *ctx;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tw__safetensors s;
    tw_error err;
    if (!ctx) ctx = one_file_context(&file);
    file.bytes = bytes;
    file.n = n;
    if (tw__safetensors_open(&s, ctx, "input", &err) == TW_OK) {
        size_t sum = 0, size;
        for (size_t i = 0; i < s.n; i++) {
            MUST(tw__tensor_bytes(&s.entries[i], &size) && (uint8_t *)s.entries[i].data == s.data + sum);
            sum += size;
            MUST(tw__safetensors_find(&s, s.entries[i].name) == &s.entries[i]);
        }
        MUST(sum == s.data_bytes && s.header_bytes + sum == n);
        tw__safetensors_meta(&s, "format");
        MUST(tw__safetensors_save(ctx, "output", s.entries, s.n, NULL, 0, &err) == TW_OK ||
             file.n_written + n > sizeof file.written / 2);
        tw__safetensors_free(&s);
    } else {
        MUST(err.message[0] && (err.code == TW_ERR_DATA || err.code == TW_ERR_MEMORY));
    }
    return 0;
}
