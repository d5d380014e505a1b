/* IDX, the format of MNIST's files: 00 00 08, the number of dimensions, each length in 4 bytes (big end
 * first), then bytes.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_IDX_H
#define TW_DATA_IDX_H
#include "base/io.h"
#include "file/archive.h"

enum { TW__IDX_MOST_RANK = 4 };
typedef struct tw__idx {
    int rank;
    int64_t shape[TW__IDX_MOST_RANK];
    uint8_t *bytes;
    size_t n; /* of bytes; freed by tw__free(ctx, bytes, n, 1) */
} tw__idx;

/* Plain or packed, up to `most_bytes` (0: 64 GiB). `rank` 0: any. A file without rows is an error. */
tw_status tw__idx_read(tw__idx *out, tw_context *ctx, const char *path, int rank, uint64_t most_bytes,
                       tw_error *err);
/* The same from a stream's beginning. */
tw_status tw__idx_read_stream(tw__idx *out, tw_context *ctx, tw__stream *stream, int rank,
                              uint64_t most_bytes, tw_error *err);
void tw__idx_free(tw__idx *idx, tw_context *ctx); /* fine on a zeroed or freed one */
/* Opens a plain file and writes all of it; the caller finishes or abandons the writer. */
tw_status tw__idx_put(tw__writer *w, tw_context *ctx, const char *path, int rank, const int64_t *shape,
                      const uint8_t *bytes, tw_error *err);
#endif
