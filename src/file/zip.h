/* Members of a zip archive, one after the other, from a stream: stored or deflated, with their checksums
 * verified. They are unpacked under the stream's cap, and no path of theirs is ever opened.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_ZIP_H
#define TW_FILE_ZIP_H
#include "file/archive.h"

typedef struct tw__zip tw__zip;
/* The stream stays the caller's, and open as long as the archive. */
tw_status tw__zip_open(tw__zip **out, tw_context *ctx, tw__stream *stream, uint64_t most_bytes,
                       tw_error *err);
/* The next member's name, valid until the next call; NULL: there are no more. */
tw_status tw__zip_next(tw__zip *zip, const char **name, tw_error *err);
/* Its next n bytes; *got < n only at its end. */
tw_status tw__zip_read(void *zip, void *to, size_t n, size_t *got, tw_error *err);
void tw__zip_close(tw__zip *zip); /* NULL is fine */
#endif
