/* Zip archives through libarchive's streaming reader; see zip.h.
 * SPDX-License-Identifier: MIT */
#include "file/zip.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

enum { BLOCK = 65536, RATIO = 1000, END = 22, END_64 = 76 };
static const uint64_t free_of_ratio = (uint64_t)64 << 20;

struct tw__zip {
    tw_context *ctx;
    tw__stream *stream;
    struct archive *archive;
    uint64_t members;
    uint8_t end[END];       /* the last bytes that were read */
    uint64_t most, in, out; /* the cap; bytes read from the stream, unpacked from all members */
    tw_status status;       /* of the stream's last read, and why */
    tw_error why;
    uint8_t block[BLOCK];
};

/* Fills the block. */
static tw_status fill(tw__zip *z, size_t *got)
{
    *got = 0;
    z->status = tw__stream_read(z->stream, z->block, BLOCK, got, &z->why);
    if (z->status != TW_OK) return z->status;
    const size_t n = *got < END ? *got : END;
    memmove(z->end, z->end + n, END - n);
    memcpy(z->end + END - n, z->block + *got - n, n);
    z->in += *got;
    return TW_OK;
}

static la_ssize_t supply(struct archive *a, void *zip, const void **to)
{
    tw__zip *z = zip;
    size_t got;
    *to = z->block;
    if (fill(z, &got) == TW_OK) return (la_ssize_t)got;
    archive_set_error(a, EIO, "read error");
    return -1;
}

static tw_status fail(const tw__zip *z, tw_error *err)
{
    const char *reason = archive_error_string(z->archive), *path = tw__stream_path(z->stream);
    if (z->status != TW_OK) {
        if (err) *err = z->why;
        return z->status;
    }
    if (archive_errno(z->archive) == ENOMEM)
        return tw__fail(err, TW_ERR_MEMORY, "out of memory to unpack %.300s", path);
    if (!reason) reason = "no reason given";
    return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "the zip archive is damaged or cut off (%.*s)",
                       (int)strcspn(reason, "\n"), reason);
}

tw_status tw__zip_open(tw__zip **out, tw_context *ctx, tw__stream *stream, uint64_t most_bytes, tw_error *err)
{
    tw__zip *z;
    *out = NULL;
    TW_TRY(tw__alloc(ctx, &z, 1, sizeof *z, err));
    z->ctx = ctx;
    z->stream = stream;
    z->most = most_bytes ? most_bytes : TW__MOST_BYTES;
    z->archive = archive_read_new();
    tw_status s = TW_OK;
    if (!z->archive || archive_read_support_format_zip_streamable(z->archive) != ARCHIVE_OK)
        s = tw__fail(err, TW_ERR_MEMORY, "out of memory to unpack %.300s", tw__stream_path(stream));
    else if (archive_read_open(z->archive, z, NULL, supply, NULL) != ARCHIVE_OK) s = fail(z, err);
    if (s == TW_OK) *out = z;
    else tw__zip_close(z);
    return s;
}

static uint64_t natural_at(const uint8_t *p, int bytes)
{
    uint64_t n = 0;
    while (bytes-- > 0) n = n << 8 | p[bytes];
    return n;
}

/* libarchive does not look at the directory at the end, which a file that is cut off lacks, and which that of
 * a second archive behind the first would hide. */
static tw_status check_end(tw__zip *z, tw_error *err)
{
    size_t got;
    do {
        if (fill(z, &got) != TW_OK) return fail(z, err);
    } while (got);
    const uint64_t directory = natural_at(z->end + 12, 4) + natural_at(z->end + 16, 4) + END;
    const int is_end =
        memcmp(z->end, "PK\5\6", 4) == 0 && natural_at(z->end + 10, 2) == (z->members & 0xffff);
    /* beyond 4 GiB these numbers stand elsewhere */
    if (is_end && (directory == z->in || directory == z->in - END_64 || directory >= UINT32_MAX))
        return TW_OK;
    return tw__fail_in(err, TW_ERR_DATA, tw__stream_path(z->stream), 0, (int64_t)z->in,
                       "the zip archive does not end with the directory of its %llu members",
                       (unsigned long long)z->members);
}

tw_status tw__zip_next(tw__zip *z, const char **name, tw_error *err)
{
    struct archive_entry *entry;
    const int r = archive_read_next_header(z->archive, &entry);
    *name = NULL;
    if (r == ARCHIVE_EOF) return check_end(z, err);
    if (r != ARCHIVE_OK) return fail(z, err);
    z->members++;
    *name = archive_entry_pathname_utf8(entry);
    if (*name) return TW_OK;
    return tw__fail_in(err, TW_ERR_DATA, tw__stream_path(z->stream), 0, -1,
                       "the zip archive has a member without a name");
}

tw_status tw__zip_read(void *zip, void *to, size_t n, size_t *got, tw_error *err)
{
    tw__zip *z = zip;
    const char *const path = tw__stream_path(z->stream);
    *got = 0;
    while (*got < n) {
        const size_t left = n - *got, part = left < (1 << 20) ? left : 1 << 20;
        const la_ssize_t r = archive_read_data(z->archive, (uint8_t *)to + *got, part);
        if (r < 0) return fail(z, err);
        if (r == 0) break;
        *got += (size_t)r;
        z->out += (uint64_t)r;
        if (z->out > z->most)
            return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "longer than %llu bytes, the most that is read",
                               (unsigned long long)z->most);
        if (z->out >= free_of_ratio && z->out / RATIO > z->in)
            return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                               "unpacks to more than %d times its size; unpack it first if that is right",
                               RATIO);
    }
    return TW_OK;
}

void tw__zip_close(tw__zip *z)
{
    if (!z) return;
    if (z->archive) archive_read_free(z->archive);
    tw__free(z->ctx, z, 1, sizeof *z);
}
