/* Reading and writing IDX. The header is not believed: memory follows what the file really holds.
 * SPDX-License-Identifier: MIT */
#include "data/idx.h"
#include "base/io.h"
#include "data/kind.h"
#include "file/archive.h"
#include <string.h>

enum { UNSIGNED_BYTES = 8 };
static const uint64_t most_elements = (uint64_t)1 << 48;

/* Says what the file is in place of an IDX file; m: its first `got` bytes, of 4. */
static tw_status refuse_kind(tw__stream *s, const uint8_t *m, size_t got, const char *path, tw_error *err)
{
    uint8_t bytes[TW__KIND_BYTES];
    char kind[TW__KIND_TEXT];
    size_t more = 0;
    memcpy(bytes, m, got);
    if (got == 4) TW_TRY(tw__stream_read(s, bytes + 4, sizeof bytes - 4, &more, err));
    if (*tw__file_kind(bytes, got + more, kind))
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 0, "%s, not an IDX file", kind);
    return tw__fail_in(
        err, TW_ERR_DATA, path, 0, 0,
        "begins with %02x %02x %02x %02x; an IDX file begins with 00 00 08 and its number of dimensions",
        m[0], m[1], m[2], m[3]);
}

static tw_status check_magic(tw__stream *s, const uint8_t *m, size_t got, const char *path, int rank,
                             tw_error *err)
{
    static const char types[] = "\x09\x0b\x0c\x0d\x0e";
    if (got == 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 0,
                           "empty; an IDX file begins with 00 00 08 and its number of dimensions");
    if (got < 4 && memcmp(m, "\0\0\10", got < 3 ? got : 3) == 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, (int64_t)got, "ends inside the IDX header");
    if (got < 4 || m[0] || m[1] || (m[2] != UNSIGNED_BYTES && !memchr(types, m[2], sizeof types - 1)))
        return refuse_kind(s, m, got, path, err);
    if (m[2] != UNSIGNED_BYTES)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 2,
                           "element type %02x; only 08, unsigned bytes, is supported", m[2]);
    if (m[3] < 1 || m[3] > TW__IDX_MOST_RANK)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 3, "%d dimensions; 1 to %d are supported", m[3],
                           TW__IDX_MOST_RANK);
    if (rank && m[3] != rank)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 3, "%d dimension%s where %d %s expected (%s)", m[3],
                           m[3] == 1 ? "" : "s", rank, rank == 1 ? "is" : "are",
                           rank == 1   ? "labels have one"
                           : m[3] == 1 ? "are these labels?"
                                       : "images have three");
    return TW_OK;
}

static tw_status read_shape(tw__idx *to, const uint8_t *lengths, const char *path, uint64_t most_bytes,
                            uint64_t *bytes, tw_error *err)
{
    uint64_t n = 1;
    for (int i = 0; i < to->rank; i++) {
        const uint8_t *p = lengths + 4 * i;
        to->shape[i] = (int64_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
        if (to->shape[i] == 0)
            return tw__fail_in(err, TW_ERR_DATA, path, 0, 4 + 4 * i,
                               i == 0 ? "holds no rows" : "dimension %d has length 0", i);
        if (__builtin_mul_overflow(n, (uint64_t)to->shape[i], &n) || n > most_elements)
            return tw__fail_in(err, TW_ERR_DATA, path, 0, 4 + 4 * i, "declares more than 2^48 bytes of data");
    }
    if (n > most_bytes)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 4, "declares %llu bytes of data; at most %llu are read",
                           (unsigned long long)n, (unsigned long long)most_bytes);
    *bytes = n;
    return TW_OK;
}

static tw_status read_all(tw__idx *to, tw__stream *s, const char *path, int rank, uint64_t most_bytes,
                          tw_error *err)
{
    uint8_t header[4 + 4 * TW__IDX_MOST_RANK] = {0};
    size_t got;
    uint64_t bytes = 0;
    TW_TRY(tw__stream_read(s, header, 4, &got, err));
    TW_TRY(check_magic(s, header, got, path, rank, err));
    to->rank = header[3];
    size_t lengths = 4 * (size_t)to->rank;
    TW_TRY(tw__stream_read(s, header + 4, lengths, &got, err));
    if (got < lengths)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, (int64_t)(4 + got), "ends inside the IDX header");
    TW_TRY(read_shape(to, header + 4, path, most_bytes, &bytes, err));
    TW_TRY(tw__stream_take(s, bytes, &to->bytes, &to->n, err));
    if (to->n < bytes)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, (int64_t)(4 + lengths + to->n),
                           "ends here; the header declares %llu bytes of data, not %zu",
                           (unsigned long long)bytes, to->n);
    return tw__stream_end(s, err);
}

tw_status tw__idx_read(tw__idx *out, tw_context *ctx, const char *path, int rank, uint64_t most_bytes,
                       tw_error *err)
{
    tw__stream *s;
    memset(out, 0, sizeof *out);
    if (most_bytes == 0) most_bytes = TW__MOST_BYTES;
    uint64_t cap = most_bytes < UINT64_MAX - 64 ? most_bytes + 64 : UINT64_MAX; /* with the header */
    TW_TRY(tw__stream_open(&s, ctx, path, TW__UNPACK, cap, err));
    const tw_status status = tw__idx_read_stream(out, ctx, s, rank, most_bytes, err);
    tw__stream_close(s);
    return status;
}

tw_status tw__idx_read_stream(tw__idx *out, tw_context *ctx, tw__stream *s, int rank, uint64_t most_bytes,
                              tw_error *err)
{
    memset(out, 0, sizeof *out);
    const tw_status status =
        read_all(out, s, tw__stream_path(s), rank, most_bytes ? most_bytes : TW__MOST_BYTES, err);
    if (status != TW_OK) tw__idx_free(out, ctx);
    return status;
}

void tw__idx_free(tw__idx *idx, tw_context *ctx)
{
    tw__free(ctx, idx->bytes, idx->n, 1);
    memset(idx, 0, sizeof *idx);
}

tw_status tw__idx_put(tw__writer *w, tw_context *ctx, const char *path, int rank, const int64_t *shape,
                      const uint8_t *bytes, tw_error *err)
{
    uint8_t header[4 + 4 * TW__IDX_MOST_RANK] = {0, 0, UNSIGNED_BYTES, (uint8_t)rank};
    size_t n;
    if (rank < 1 || rank > TW__IDX_MOST_RANK || !tw__size_of_shape(rank, shape, &n))
        return tw__fail(err, TW_ERR_SPEC, "rank %d of an IDX file is outside [1, %d]", rank,
                        TW__IDX_MOST_RANK);
    for (int i = 0; i < rank; i++) {
        if (shape[i] > UINT32_MAX)
            return tw__fail(err, TW_ERR_SPEC, "a length of %lld does not fit into an IDX file",
                            (long long)shape[i]);
        for (int k = 0; k < 4; k++) header[4 + 4 * i + k] = (uint8_t)(shape[i] >> (24 - 8 * k));
    }
    TW_TRY(tw__writer_open(w, ctx, path, err));
    TW_TRY(tw__writer_put(w, header, 4 + 4 * (size_t)rank, err));
    return tw__writer_put(w, bytes, n, err);
}
