/* Reading a file from front to back, plain or unpacked (gzip, bzip2, xz, zstd, lz4, recognised by content;
 * any number of members or frames), without trusting it: what it unpacks to is capped in bytes and in ratio,
 * and a damaged, truncated or doubly packed file, or one with something behind the packed data, is
 * TW_ERR_DATA with the byte. Every checksum in a file is verified; a zstd or lz4 frame that was written
 * without one (zstd --no-check, lz4 --no-frame-crc) may hold damage that no reader can see. An lz4 file with
 * an empty frame before others is refused: libarchive stops at it. No program is ever started; libarchive
 * keeps malloc.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_ARCHIVE_H
#define TW_FILE_ARCHIVE_H
#include "base/io.h"
#include "file/mapped.h"

typedef struct tw__stream tw__stream;
enum { TW__PLAIN = 0, TW__UNPACK = 1 };
#define TW__MOST_BYTES ((uint64_t)64 << 30) /* default cap of what a file unpacks to */

/* `most_bytes` 0: TW__MOST_BYTES. `path` is copied. */
tw_status tw__stream_open(tw__stream **out, tw_context *ctx, const char *path, int unpack,
                          uint64_t most_bytes, tw_error *err);
void tw__stream_close(tw__stream *s); /* NULL is fine */
/* The next n bytes; *got < n only at the end, and then the packed file's checksums have held. */
tw_status tw__stream_read(tw__stream *s, void *to, size_t n, size_t *got, tw_error *err);
/* The first n bytes, or as many as there are, before anything has been read: to see what the file is. Reading
 * begins with them all the same. They are the stream's. A second look is at no more than the first. */
tw_status tw__stream_peek(tw__stream *s, size_t n, const uint8_t **bytes, size_t *got, tw_error *err);
const char *tw__stream_path(const tw__stream *s);
/* The next n bytes, or as many as there are, in memory of *got bytes freed by tw__free(ctx, *bytes, *got, 1).
 * n may be untrusted: memory follows what has been read. */
tw_status tw__stream_take(tw__stream *s, uint64_t n, uint8_t **bytes, size_t *got, tw_error *err);
/* All bytes of a stream of which nothing has been read: mapped where that can be done, else read. Freed by
 * tw__mapped_free. */
tw_status tw__stream_map(tw__stream *s, tw__mapped *to, tw_error *err);
/* TW_ERR_DATA unless everything has been read. */
tw_status tw__stream_end(tw__stream *s, tw_error *err);
/* *found: 1 and the path of a file of this name in a directory, plain or with the ending of a packing
 * (".gz"), in this order; or 0. */
tw_status tw__find_packed(tw_context *ctx, const char *directory, const char *name, char path[TW__PATH],
                          int *found, tw_error *err);
#endif
