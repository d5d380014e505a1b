/* Fuzz target: any bytes as a packed file, recognised by content: gzip, bzip2, xz, zstd, lz4. Read whole and
 * read piece by piece it is the same; what is damaged has a message.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include "base/context.h"
#include "file/archive.h"

enum { CAP = 1 << 20, PIECE = 333 };
static one_file file;
static tw_context *ctx;

static tw_status at_once(uint8_t **whole, size_t *n, tw_error *err)
{
    tw__stream *s;
    TW_TRY(tw__stream_open(&s, ctx, "input", TW__UNPACK, CAP, err));
    tw_status status = tw__stream_take(s, CAP, whole, n, err);
    if (status == TW_OK && (status = tw__stream_end(s, err)) != TW_OK) tw__free(ctx, *whole, *n, 1);
    tw__stream_close(s);
    return status;
}

static tw_status in_pieces(const uint8_t *whole, size_t n, tw_error *err)
{
    tw__stream *s;
    uint8_t piece[PIECE];
    size_t got = 0, at = 0;
    tw_status status = tw__stream_open(&s, ctx, "input", TW__UNPACK, CAP, err);
    if (status != TW_OK) return status;
    while ((status = tw__stream_read(s, piece, PIECE, &got, err)) == TW_OK && got > 0) {
        MUST(!whole || (got <= n - at && memcmp(whole + at, piece, got) == 0));
        at += got;
    }
    MUST(status != TW_OK || !whole || at == n);
    tw__stream_close(s);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    uint8_t *whole;
    size_t size;
    tw_error err = {0};
    if (!ctx) ctx = one_file_context(&file);
    file.bytes = bytes;
    file.n = n;
    if (at_once(&whole, &size, &err) == TW_OK) {
        MUST(size <= CAP && in_pieces(whole, size, &err) == TW_OK);
        tw__free(ctx, whole, size, 1);
    } else {
        MUST(err.message[0] && (err.code == TW_ERR_DATA || err.code == TW_ERR_MEMORY));
        MUST(in_pieces(NULL, 0, &err) != TW_OK);
    }
    return 0;
}
