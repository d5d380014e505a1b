/* Gradients as bytes: a codec's numbers in as few as it says, and the indices of lists as the gaps between
 * them.
 * SPDX-License-Identifier: MIT */
#include "exchange/wire.h"
#include "base/varint.h"
#include <string.h>

/* ---- numbers ------------------------------------------------------------------------------------------- */

/* What packs numbers; NULL: they are sent as they are, as where topk keeps all. */
static const tw__codec *packer(const tw__workers *x, enum tw__wire_kind kind)
{
    const tw__wire *wire = x->wire;
    if (!wire) return NULL;
    if (kind == TW__WIRE_MEAN) return &tw__codec_bf16;
    if (!wire->codec->takes_lists) return kind == TW__WIRE_LIST ? NULL : wire->codec;
    return wire->codec->leaves_out && wire->keep >= 1 ? NULL : wire->codec;
}

size_t tw__wire_bytes(const tw__workers *x, enum tw__wire_kind kind, size_t n)
{
    const tw__codec *codec = packer(x, kind);
    return codec ? codec->bytes(n) : n * x->k->real;
}

static void pack(const tw__workers *x, const tw__codec *codec, size_t n, const void *numbers,
                 unsigned char *to)
{
    float chunk[TW_CHUNK];
    for (size_t lo = 0, length; lo < n; lo += length, to += codec->bytes(length)) {
        length = n - lo < TW_CHUNK ? n - lo : (size_t)TW_CHUNK;
        for (size_t i = 0; i < length; i++)
            chunk[i] = x->set.type == TW_F32 ? ((const float *)numbers)[lo + i]
                                             : (float)((const double *)numbers)[lo + i];
        codec->pack(length, chunk, to);
    }
}

static void unpack(const tw__workers *x, const tw__codec *codec, size_t n, const unsigned char *from,
                   void *numbers)
{
    float chunk[TW_CHUNK];
    for (size_t lo = 0, length; lo < n; lo += length, from += codec->bytes(length)) {
        length = n - lo < TW_CHUNK ? n - lo : (size_t)TW_CHUNK;
        codec->unpack(length, from, chunk);
        for (size_t i = 0; i < length; i++)
            if (x->set.type == TW_F32) ((float *)numbers)[lo + i] = chunk[i];
            else ((double *)numbers)[lo + i] = (double)chunk[i];
    }
}

void tw__wire_write(const tw__workers *x, enum tw__wire_kind kind, size_t n, const void *numbers,
                    tw__writer *w)
{
    const tw__codec *codec = packer(x, kind);
    if (!codec) {
        tw__write(w, numbers, n * x->k->real);
        return;
    }
    if (w->at) pack(x, codec, n, numbers, w->at + w->n);
    w->n += codec->bytes(n);
}

tw_status tw__wire_read(const tw__workers *x, enum tw__wire_kind kind, size_t n, void *numbers,
                        tw__reader_of_bytes *r, tw_error *err)
{
    const tw__codec *codec = packer(x, kind);
    const unsigned char *const from = r->at;
    if (!codec) return tw__read(r, numbers, n * x->k->real, err);
    TW_TRY(tw__read(r, NULL, codec->bytes(n), err));
    unpack(x, codec, n, from, numbers);
    return TW_OK;
}

/* ---- vectors ------------------------------------------------------------------------------------------- */

static const tw__powersgd *matrices_of(const tw__workers *x) { return x->wire ? x->wire->matrices : NULL; }

size_t tw__wire_vector_bytes(const tw__workers *x, size_t lo, size_t hi)
{
    return matrices_of(x) ? tw__powersgd_bytes(matrices_of(x), lo, hi)
                          : tw__wire_bytes(x, TW__WIRE_VECTOR, hi - lo);
}

void tw__wire_write_vector(const tw__workers *x, size_t worker, const void *vector, size_t lo, size_t hi,
                           tw__writer *w)
{
    if (matrices_of(x)) tw__powersgd_write(matrices_of(x), vector, x->wire->line[worker].factors, lo, hi, w);
    else tw__wire_write(x, TW__WIRE_VECTOR, hi - lo, (const char *)vector + lo * x->k->real, w);
}

tw_status tw__wire_read_vector(const tw__workers *x, size_t worker, void *vector, size_t lo, size_t hi,
                               tw__reader_of_bytes *r, tw_error *err)
{
    return matrices_of(x)
               ? tw__powersgd_read(matrices_of(x), vector, x->wire->line[worker].factors, lo, hi, r, err)
               : tw__wire_read(x, TW__WIRE_VECTOR, hi - lo, (char *)vector + lo * x->k->real, r, err);
}

/* ---- lists --------------------------------------------------------------------------------------------- */

/* Where there is a codec an index is the number of those that are left out before it (base/varint.h). */
static uint32_t gap_at(const tw_sparse_sum *list, size_t from, size_t i)
{
    return i == from ? list->index[i] : list->index[i] - list->index[i - 1] - 1;
}

size_t tw__wire_list_bytes(const tw__workers *x, const tw_sparse_sum *list, size_t from, size_t to)
{
    size_t indices = x->wire ? 0 : (to - from) * sizeof *list->index;
    for (size_t i = from; x->wire && i < to; i++) indices += tw__varint_bytes(gap_at(list, from, i));
    return indices + tw__wire_bytes(x, TW__WIRE_LIST, to - from);
}

static void write_gap(uint32_t gap, tw__writer *w)
{
    uint8_t bytes[TW__VARINT_MOST];
    tw__write(w, bytes, tw__varint(gap, bytes));
}

void tw__wire_write_list(const tw__workers *x, const tw_sparse_sum *list, size_t from, size_t to,
                         tw__writer *w)
{
    if (!x->wire) tw__write(w, list->index + from, (to - from) * sizeof *list->index);
    for (size_t i = from; x->wire && i < to; i++) write_gap(gap_at(list, from, i), w);
    tw__wire_write(x, TW__WIRE_LIST, to - from, (const char *)list->value + from * x->k->real, w);
}

static tw_status read_gap(tw__reader_of_bytes *r, uint64_t *gap, tw_error *err)
{
    unsigned char byte = TW__VARINT_MORE;
    *gap = 0;
    for (unsigned shift = 0; byte & TW__VARINT_MORE && shift <= 4 * TW__VARINT_BITS;
         shift += TW__VARINT_BITS) {
        TW_TRY(tw__read(r, &byte, 1, err));
        *gap |= (uint64_t)(byte & (TW__VARINT_MORE - 1)) << shift;
    }
    return TW_OK;
}

static tw_status read_indices(const tw__workers *x, tw_sparse_sum *list, tw__reader_of_bytes *r,
                              tw_error *err)
{
    uint64_t next = 0, gap;
    if (!x->wire) return tw__read(r, list->index, list->n * sizeof *list->index, err);
    for (size_t i = 0; i < list->n; i++, next++) {
        TW_TRY(read_gap(r, &gap, err));
        next += gap;
        list->index[i] = next < x->set.size ? (uint32_t)next : UINT32_MAX;
    }
    return TW_OK;
}

tw_status tw__wire_read_list(const tw__workers *x, tw_sparse_sum *list, tw__reader_of_bytes *r, tw_error *err)
{
    TW_TRY(read_indices(x, list, r, err));
    TW_TRY(tw__wire_read(x, TW__WIRE_LIST, list->n, list->value, r, err));
    for (size_t i = 0; i < list->n; i++)
        if (list->index[i] >= x->set.size || (i > 0 && list->index[i] <= list->index[i - 1]))
            return tw__fail(err, TW_ERR_DATA, "a message between processes has a list out of order");
    return TW_OK;
}
