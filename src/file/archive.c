/* Streams: the context's files below, an unpacker in between where the content asks for it, caps on top.
 * gzip is unpacked by zlib, which verifies header, CRC-32 and length of each member (libarchive's reader
 * compares neither of the two last); the other packings by libarchive.
 * SPDX-License-Identifier: MIT */
#include "file/archive.h"
#include "base/io.h"
#include "file/lz4_frames.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { BLOCK = 65536, PIECE = 1 << 20, FIRST_PLAIN = 48 << 20, FIRST_PACKED = 64 << 20, GZIP_ONLY = 31 };
static const uint64_t free_of_ratio = (uint64_t)64 << 20;

/* ratio: what unpacks to more is refused; lz4 cannot pass 255, nor gzip 1032. filter: libarchive's; NULL:
 * zlib unpacks it. */
typedef struct packing {
    const char *name;
    size_t length;
    uint8_t magic[6];
    unsigned ratio;
    int (*filter)(struct archive *);
} packing;

enum { LZ4 = 4 };
static const packing packings[] = {
    {"gzip", 2, {0x1f, 0x8b}, 1000, NULL},
    {"bzip2", 3, {'B', 'Z', 'h'}, 1000, archive_read_support_filter_bzip2},
    {"xz", 6, {0xfd, '7', 'z', 'X', 'Z', 0}, 1000, archive_read_support_filter_xz},
    {"zstd", 4, {0x28, 0xb5, 0x2f, 0xfd}, 1000, archive_read_support_filter_zstd},
    [LZ4] = {"lz4", 4, {0x04, 0x22, 0x4d, 0x18}, 200, archive_read_support_filter_lz4},
};

struct tw__stream {
    tw_context *ctx;
    char *path;
    void *file;             /* the I/O table's handle */
    const packing *packing; /* NULL: plain */
    struct archive *archive;
    tw__lz4_frames frames;  /* of lz4: what libarchive was given */
    z_stream gzip;          /* total_in: of the member that is being read; 0 between two */
    uint64_t most, in, out; /* the cap; bytes read from the file; bytes handed out */
    int io_error, finished;
    uint8_t *ahead; /* what was looked at before it is read: `ahead_held` bytes of it, so many given on */
    size_t ahead_size, ahead_held, ahead_served;
    size_t held, served; /* of the block: read from the file, given on */
    uint8_t block[BLOCK];
};

static const packing *packing_of(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < sizeof packings / sizeof *packings; i++)
        if (n >= packings[i].length && memcmp(p, packings[i].magic, packings[i].length) == 0)
            return &packings[i];
    return NULL;
}

/* Reads into the empty block at least `want` bytes unless the file ends before. Returns an errno value. */
static int fill(tw__stream *s, size_t want)
{
    s->held = s->served = 0;
    while (s->held < want) {
        size_t got = 0;
        int e = s->ctx->io.read(s->ctx->io.user, s->file, s->block + s->held, BLOCK - s->held, &got);
        if (e) return e;
        if (got > BLOCK - s->held) return EIO;
        if (got == 0) break;
        s->held += got;
        s->in += got;
    }
    return 0;
}

static int is_lz4(const tw__stream *s) { return s->packing == &packings[LZ4]; }

static la_ssize_t supply(struct archive *a, void *stream, const void **to)
{
    tw__stream *s = stream;
    if (s->served == s->held) s->io_error = fill(s, 1);
    if (s->io_error) {
        archive_set_error(a, s->io_error, "read error");
        return -1;
    }
    size_t n = s->held - s->served;
    *to = s->block + s->served;
    if (is_lz4(s)) tw__lz4_frames_take(&s->frames, s->block + s->served, n);
    s->served = s->held;
    return (la_ssize_t)n;
}

/* Packed bytes used so far. */
static int64_t packed_position(const tw__stream *s)
{
    if (!s->archive) return (int64_t)(s->in - s->gzip.avail_in);
    int64_t at = archive_filter_bytes(s->archive, -1);
    return at > 0 ? at : 0; /* -1 before it is open */
}

static tw_status fail_memory(const tw__stream *s, tw_error *err)
{
    return tw__fail(err, TW_ERR_MEMORY, "out of memory to unpack %.300s", s->path);
}

static tw_status fail_damaged(const tw__stream *s, const char *reason, tw_error *err)
{
    return tw__fail_in(err, TW_ERR_DATA, s->path, 0, packed_position(s),
                       "the %s data is damaged or cut off (%s)", s->packing->name,
                       reason ? reason : "no reason given");
}

static tw_status fail_followed(const tw__stream *s, tw_error *err)
{
    return tw__fail_in(err, TW_ERR_DATA, s->path, 0, packed_position(s), "something follows the %s data",
                       s->packing->name);
}

static tw_status fail_twice(tw__stream *s, tw_error *err)
{
    return tw__fail_in(err, TW_ERR_DATA, s->path, 0, 0,
                       "packed more than once (%s around another packing); one packing is unpacked",
                       s->packing->name);
}

/* ---- gzip ---- */

enum { PREFIX = 64 }; /* before a piece of zlib's memory, for its size; keeps the alignment */

static void *zlib_allocate(void *ctx, unsigned n, unsigned size)
{
    uint8_t *p;
    const size_t bytes = (size_t)n * size + PREFIX;
    if (tw__alloc(ctx, &p, bytes, 1, NULL) != TW_OK) return NULL;
    memcpy(p, &bytes, sizeof bytes);
    return p + PREFIX;
}

static void zlib_free(void *ctx, void *memory)
{
    uint8_t *p = (uint8_t *)memory - PREFIX;
    size_t bytes;
    memcpy(&bytes, p, sizeof bytes);
    tw__free(ctx, p, bytes, 1);
}

static tw_status open_gzip(tw__stream *s, tw_error *err)
{
    s->gzip = (z_stream){.zalloc = zlib_allocate,
                         .zfree = zlib_free,
                         .opaque = s->ctx,
                         .next_in = s->block,
                         .avail_in = (unsigned)s->held};
    return inflateInit2(&s->gzip, GZIP_ONLY) == Z_OK ? TW_OK : fail_memory(s, err);
}

/* More packed bytes. The end of the file is the end of the data only between two members. */
static tw_status refill_gzip(tw__stream *s, tw_error *err)
{
    int e = fill(s, 1);
    if (e) return tw__fail_system(err, e, "cannot read", s->path);
    s->gzip.next_in = s->block;
    s->gzip.avail_in = (unsigned)s->held;
    s->finished = s->held == 0;
    return s->finished && s->gzip.total_in > 0 ? fail_damaged(s, "the file ends within it", err) : TW_OK;
}

static tw_status read_gzip(tw__stream *s, uint8_t *to, size_t n, size_t *got, tw_error *err)
{
    z_stream *z = &s->gzip;
    z->next_out = to;
    z->avail_out = (unsigned)n;
    while (z->avail_out > 0) {
        if (z->avail_in == 0) TW_TRY(refill_gzip(s, err));
        if (s->finished) break;
        if (z->total_in == 0 && *z->next_in != packings[0].magic[0]) return fail_followed(s, err);
        int r = inflate(z, Z_NO_FLUSH);
        if (r == Z_STREAM_END) r = inflateReset(z);
        if (r == Z_MEM_ERROR) return fail_memory(s, err);
        if (r != Z_OK && r != Z_BUF_ERROR) return fail_damaged(s, z->msg, err);
    }
    *got = n - z->avail_out;
    return TW_OK;
}

/* ---- libarchive ---- */

/* libarchive has a reason for all but some of its failed allocations. */
static tw_status fail_archive(const tw__stream *s, tw_error *err)
{
    const char *reason = archive_error_string(s->archive);
    if (s->io_error) return tw__fail_system(err, s->io_error, "cannot read", s->path);
    if (archive_errno(s->archive) == ENOMEM || !reason) return fail_memory(s, err);
    return fail_damaged(s, reason, err);
}

/* The packed data has ended: nothing may follow it in the file. */
static tw_status check_end(tw__stream *s, tw_error *err)
{
    const uint64_t at = (uint64_t)packed_position(s);
    s->finished = 1;
    if (at == s->in) {
        int e = fill(s, 1);
        if (e) return tw__fail_system(err, e, "cannot read", s->path);
    }
    return at < s->in || (is_lz4(s) && !tw__lz4_frames_end(&s->frames)) ? fail_followed(s, err) : TW_OK;
}

static tw_status open_archive(tw__stream *s, tw_error *err)
{
    s->archive = archive_read_new();
    if (!s->archive) return fail_memory(s, err);
    /* ARCHIVE_WARN: built without this one, a program would be started */
    if (s->packing->filter(s->archive) != ARCHIVE_OK)
        return tw__fail_in(err, TW_ERR_DATA, s->path, 0, 0,
                           "packed by %s, which this system's libarchive cannot unpack; unpack it first",
                           s->packing->name);
    if (archive_read_support_format_raw(s->archive) != ARCHIVE_OK ||
        archive_read_support_format_empty(s->archive) != ARCHIVE_OK)
        return fail_memory(s, err);
    if (archive_read_open(s->archive, s, NULL, supply, NULL) != ARCHIVE_OK) return fail_archive(s, err);
    struct archive_entry *entry;
    int r = archive_read_next_header(s->archive, &entry);
    if (r != ARCHIVE_OK && r != ARCHIVE_EOF) return fail_archive(s, err);
    int filters = archive_filter_count(s->archive);
    if (filters > 2) return fail_twice(s, err); /* the packing, and the file below it */
    /* libarchive did not know it by its header, and would hand it out as it is */
    if (filters < 2) return fail_damaged(s, "in its header", err);
    return r == ARCHIVE_EOF ? check_end(s, err) : TW_OK;
}

static tw_status read_archive(tw__stream *s, uint8_t *to, size_t n, size_t *got, tw_error *err)
{
    la_ssize_t r = archive_read_data(s->archive, to, n);
    if (r < 0 || s->io_error) return fail_archive(s, err);
    *got = (size_t)r;
    return r == 0 ? check_end(s, err) : TW_OK;
}

/* ---- The stream ---- */

tw_status tw__stream_open(tw__stream **out, tw_context *ctx, const char *path, int unpack,
                          uint64_t most_bytes, tw_error *err)
{
    tw__stream *s;
    *out = NULL;
    TW_TRY(tw__alloc(ctx, &s, 1, sizeof *s, err));
    s->ctx = ctx;
    s->most = most_bytes ? most_bytes : TW__MOST_BYTES;
    tw_status status = tw__copy_text(ctx, &s->path, path, err);
    if (status == TW_OK) {
        int e = ctx->io.open(ctx->io.user, path, TW_OPEN_READ, &s->file);
        if (e) {
            s->file = NULL;
            status = tw__fail_system(err, e, "cannot open", path);
        }
    }
    if (status == TW_OK) {
        int e = fill(s, sizeof packings[0].magic);
        if (e) status = tw__fail_system(err, e, "cannot read", path);
    }
    if (status == TW_OK && unpack) s->packing = packing_of(s->block, s->held);
    if (status == TW_OK && s->packing) status = s->packing->filter ? open_archive(s, err) : open_gzip(s, err);
    if (status == TW_OK) *out = s;
    else tw__stream_close(s);
    return status;
}

void tw__stream_close(tw__stream *s)
{
    if (!s) return;
    tw_context *ctx = s->ctx;
    if (s->archive) archive_read_free(s->archive);
    inflateEnd(&s->gzip);
    if (s->file) ctx->io.close(ctx->io.user, s->file);
    tw__free(ctx, s->ahead, s->ahead_size, 1);
    tw__free_text(ctx, s->path);
    tw__free(ctx, s, 1, sizeof *s);
}

static tw_status read_plain(tw__stream *s, uint8_t *to, size_t n, size_t *got, tw_error *err)
{
    *got = s->held - s->served < n ? s->held - s->served : n;
    memcpy(to, s->block + s->served, *got);
    s->served += *got;
    if (*got > 0) return TW_OK;
    int e = s->ctx->io.read(s->ctx->io.user, s->file, to, n, got);
    if (e == 0 && *got > n) e = EIO;
    if (e) return tw__fail_system(err, e, "cannot read", s->path);
    s->in += *got;
    s->finished = *got == 0;
    return TW_OK;
}

static tw_status read_packed(tw__stream *s, uint8_t *to, size_t n, size_t *got, tw_error *err)
{
    if (n > PIECE) n = PIECE;
    TW_TRY(s->archive ? read_archive(s, to, n, got, err) : read_gzip(s, to, n, got, err));
    if (s->out == 0 && packing_of(to, *got)) return fail_twice(s, err);
    uint64_t out = s->out + *got;
    if (out >= free_of_ratio && out / s->packing->ratio > (uint64_t)packed_position(s))
        return tw__fail_in(
            err, TW_ERR_DATA, s->path, 0, packed_position(s),
            "unpacks to more than %u times its size (%llu bytes so far); unpack it first if that is right",
            s->packing->ratio, (unsigned long long)out);
    return TW_OK;
}

/* What was looked at, as far as it goes. */
static size_t read_ahead(tw__stream *s, void *to, size_t n)
{
    const size_t left = s->ahead_held - s->ahead_served, part = left < n ? left : n;
    if (part) memcpy(to, s->ahead + s->ahead_served, part);
    s->ahead_served += part;
    return part;
}

static tw_status fail_long(const tw__stream *s, tw_error *err)
{
    return tw__fail_in(err, TW_ERR_DATA, s->path, 0, (int64_t)s->most,
                       "longer than %llu bytes, the most that is read", (unsigned long long)s->most);
}

tw_status tw__stream_read(tw__stream *s, void *to, size_t n, size_t *got, tw_error *err)
{
    *got = read_ahead(s, to, n);
    while (*got < n && !s->finished) {
        size_t more = 0;
        uint8_t *at = (uint8_t *)to + *got;
        TW_TRY(s->packing ? read_packed(s, at, n - *got, &more, err)
                          : read_plain(s, at, n - *got, &more, err));
        *got += more;
        s->out += more;
        if (s->out > s->most) return fail_long(s, err);
    }
    return TW_OK;
}

tw_status tw__stream_peek(tw__stream *s, size_t n, const uint8_t **bytes, size_t *got, tw_error *err)
{
    size_t held;
    *bytes = NULL;
    *got = 0;
    if (!s->ahead) {
        TW_TRY(tw__alloc(s->ctx, &s->ahead, n, 1, err));
        s->ahead_size = n;
        TW_TRY(tw__stream_read(s, s->ahead, n, &held, err));
        s->ahead_held = held;
    }
    *bytes = s->ahead;
    *got = s->ahead_held < n ? s->ahead_held : n;
    return TW_OK;
}

const char *tw__stream_path(const tw__stream *s) { return s->path; }

tw_status tw__stream_end(tw__stream *s, tw_error *err)
{
    uint8_t one;
    size_t got;
    uint64_t at = s->out - (s->ahead_held - s->ahead_served);
    TW_TRY(tw__stream_read(s, &one, 1, &got, err));
    return got == 0 ? TW_OK
                    : tw__fail_in(err, TW_ERR_DATA, s->path, 0, (int64_t)at,
                                  "something follows the data, which end here");
}

tw_status tw__stream_take(tw__stream *s, uint64_t n, uint8_t **bytes, size_t *got, tw_error *err)
{
    uint8_t *p = NULL;
    size_t capacity = 0, used = 0, first = s->packing ? FIRST_PACKED : FIRST_PLAIN;
    tw_status status = n > SIZE_MAX / 2
                           ? tw__fail(err, TW_ERR_MEMORY, "out of memory (%llu bytes)", (unsigned long long)n)
                           : TW_OK;
    *bytes = NULL;
    *got = 0;
    for (size_t now = first; status == TW_OK; now = s->packing ? capacity + capacity / 2 : 4 * capacity) {
        size_t more;
        status = tw__resize(s->ctx, &p, &capacity, now < n ? now : (size_t)n, 1, err);
        if (status == TW_OK) status = tw__stream_read(s, p + used, capacity - used, &more, err);
        if (status != TW_OK) break;
        used += more;
        if (used < capacity || used == n) break;
    }
    if (status == TW_OK) status = tw__resize(s->ctx, &p, &capacity, used, 1, err);
    if (status == TW_OK) {
        *bytes = p;
        *got = used;
    } else {
        tw__free(s->ctx, p, capacity, 1);
    }
    return status;
}

tw_status tw__stream_map(tw__stream *s, tw__mapped *to, tw_error *err)
{
    const tw_io *io = &s->ctx->io;
    void *bytes = NULL;
    *to = (tw__mapped){.bytes = NULL};
    const int e = s->packing || !io->map || !io->unmap ? ENODEV : io->map(io->user, s->file, &bytes, &to->n);
    if (e == ENODEV) return tw__stream_take(s, s->most, &to->bytes, &to->n, err);
    if (e) return tw__fail_system(err, e, "cannot map", s->path);
    to->bytes = bytes;
    to->is_mapped = 1;
    if (to->n <= s->most) return TW_OK;
    tw__mapped_free(s->ctx, to);
    return fail_long(s, err);
}

tw_status tw__find_packed(tw_context *ctx, const char *directory, const char *name, char path[TW__PATH],
                          int *found, tw_error *err)
{
    static const char *const ends[] = {"", ".gz", ".xz", ".zst", ".bz2", ".lz4"};
    *found = 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends && !*found; i++) {
        char packed[64];
        int kind = TW_PATH_NONE;
        snprintf(packed, sizeof packed, "%s%s", name, ends[i]);
        TW_TRY(tw__path_in(directory, packed, path, err));
        TW_TRY(tw__path_kind(ctx, path, &kind, err));
        *found = kind != TW_PATH_NONE && kind != TW_PATH_DIRECTORY;
    }
    return TW_OK;
}
