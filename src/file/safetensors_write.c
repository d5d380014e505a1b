/* Writing safetensors: the header by hand, since the same content must give the same bytes whatever the JSON
 * library's version.
 * SPDX-License-Identifier: MIT */
#include "file/safetensors.h"
#include "base/io.h"
#include "file/utf8.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "tensors are written as they stand in memory, and the format is little-endian");

enum { HEADER_CAP = 16 << 20, LENGTH = 8, ALIGN = 8 };

typedef struct text {
    tw_context *ctx;
    uint8_t *bytes;
    size_t n, capacity;
} text;

int tw__tensor_bytes(const tw__tensor_entry *t, size_t *bytes)
{
    size_t n;
    return tw__size_of_shape(t->rank, t->shape, &n) && tw__size_mul(n, tw_type_size(t->type), bytes);
}

static tw_status put(text *t, const void *from, size_t n, tw_error *err)
{
    size_t want;
    if (!tw__size_add(t->n, n, &want) || want > HEADER_CAP)
        return tw__fail(err, TW_ERR_SPEC, "the header of a safetensors file would exceed %d bytes",
                        HEADER_CAP);
    TW_TRY(tw__grow(t->ctx, &t->bytes, &t->capacity, want, 1, err));
    memcpy(t->bytes + t->n, from, n);
    t->n = want;
    return TW_OK;
}

static tw_status put_text(text *t, const char *from, tw_error *err)
{
    return put(t, from, strlen(from), err);
}

static tw_status put_number(text *t, uint64_t number, tw_error *err)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    return put_text(t, digits, err);
}

static tw_status put_string(text *t, const char *string, tw_error *err)
{
    TW_TRY(put(t, "\"", 1, err));
    for (const char *p = string; *p;) {
        size_t n = tw__utf8_length(p);
        if (n == 0)
            return tw__fail(err, TW_ERR_SPEC, "\"%.100s\" is not UTF-8 (byte %zu)", string,
                            (size_t)(p - string));
        char escaped[8];
        if ((unsigned char)*p < 0x20) {
            snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)*p);
            TW_TRY(put_text(t, escaped, err));
        } else {
            if (*p == '"' || *p == '\\') TW_TRY(put(t, "\\", 1, err));
            TW_TRY(put(t, p, n, err));
        }
        p += n;
    }
    return put(t, "\"", 1, err);
}

static tw_status put_meta(text *t, const tw__text_pair *meta, size_t n, tw_error *err)
{
    TW_TRY(put_text(t, "\"__metadata__\":{", err));
    for (size_t i = 0; i < n; i++) {
        if (i > 0) TW_TRY(put(t, ",", 1, err));
        TW_TRY(put_string(t, meta[i].key, err));
        TW_TRY(put(t, ":", 1, err));
        TW_TRY(put_string(t, meta[i].value, err));
    }
    return put(t, "}", 1, err);
}

static tw_status put_entry(text *t, const tw__tensor_entry *e, size_t *offset, tw_error *err)
{
    static const char *const names[] = {"U8", "I64", "F32", "F64"};
    size_t bytes, end;
    if ((unsigned)e->type > TW_F64 || e->rank < 0 || e->rank > TW__MOST_DIMENSIONS)
        return tw__fail(err, TW_ERR_INTERNAL, "tensor \"%.100s\" has type %d and rank %d", e->name,
                        (int)e->type, e->rank);
    if (!tw__tensor_bytes(e, &bytes) || !tw__size_add(*offset, bytes, &end))
        return tw__fail(err, TW_ERR_SPEC, "tensor \"%.100s\" is larger than memory", e->name);
    TW_TRY(put_string(t, e->name, err));
    TW_TRY(put_text(t, ":{\"dtype\":\"", err));
    TW_TRY(put_text(t, names[e->type], err));
    TW_TRY(put_text(t, "\",\"shape\":[", err));
    for (int i = 0; i < e->rank; i++) {
        if (i > 0) TW_TRY(put(t, ",", 1, err));
        TW_TRY(put_number(t, (uint64_t)e->shape[i], err));
    }
    TW_TRY(put_text(t, "],\"data_offsets\":[", err));
    TW_TRY(put_number(t, *offset, err));
    TW_TRY(put(t, ",", 1, err));
    TW_TRY(put_number(t, end, err));
    *offset = end;
    return put_text(t, "]}", err);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A name that appears twice would make a file that no reader accepts. */
static tw_status check_names(tw_context *ctx, const tw__tensor_entry *entries, size_t n, tw_error *err)
{
    const char **names, *twice = NULL;
    TW_TRY(tw__alloc(ctx, &names, n, sizeof *names, err));
    for (size_t i = 0; i < n; i++) names[i] = entries[i].name;
    qsort(names, n, sizeof *names, by_text);
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], "__metadata__") == 0 || (i > 0 && strcmp(names[i], names[i - 1]) == 0))
            twice = names[i];
    tw__free(ctx, names, n, sizeof *names);
    return twice ? tw__fail(err, TW_ERR_INTERNAL, "two tensors would be called \"%.100s\"", twice) : TW_OK;
}

static tw_status put_all(text *t, const tw__tensor_entry *entries, size_t n, const tw__text_pair *meta,
                         size_t n_meta, tw_error *err)
{
    size_t offset = 0;
    TW_TRY(check_names(t->ctx, entries, n, err));
    TW_TRY(put(t, "\0\0\0\0\0\0\0\0{", LENGTH + 1, err));
    if (n_meta > 0) TW_TRY(put_meta(t, meta, n_meta, err));
    for (size_t i = 0; i < n; i++) {
        if (i > 0 || n_meta > 0) TW_TRY(put(t, ",", 1, err));
        TW_TRY(put_entry(t, &entries[i], &offset, err));
    }
    TW_TRY(put(t, "}", 1, err));
    while (t->n % ALIGN != 0) TW_TRY(put(t, " ", 1, err));
    for (int i = 0; i < LENGTH; i++) t->bytes[i] = (uint8_t)((uint64_t)(t->n - LENGTH) >> 8 * i);
    return TW_OK;
}

tw_status tw__safetensors_header(tw_context *ctx, const tw__tensor_entry *entries, size_t n,
                                 const tw__text_pair *meta, size_t n_meta, uint8_t **header, size_t *bytes,
                                 tw_error *err)
{
    text t = {.ctx = ctx};
    *header = NULL;
    *bytes = 0;
    tw_status s = put_all(&t, entries, n, meta, n_meta, err);
    if (s == TW_OK) s = tw__alloc(ctx, header, t.n, 1, err);
    if (s == TW_OK) {
        memcpy(*header, t.bytes, t.n);
        *bytes = t.n;
    }
    tw__free(ctx, t.bytes, t.capacity, 1);
    return s;
}

tw_status tw__safetensors_save(tw_context *ctx, const char *path, const tw__tensor_entry *entries, size_t n,
                               const tw__text_pair *meta, size_t n_meta, tw_error *err)
{
    uint8_t *header;
    size_t header_bytes, bytes;
    TW_TRY(tw__safetensors_header(ctx, entries, n, meta, n_meta, &header, &header_bytes, err));
    tw__writer w;
    tw_status s = tw__writer_open(&w, ctx, path, err);
    if (s == TW_OK) {
        s = tw__writer_put(&w, header, header_bytes, err);
        for (size_t i = 0; s == TW_OK && i < n; i++)
            if (tw__tensor_bytes(&entries[i], &bytes)) s = tw__writer_put(&w, entries[i].data, bytes, err);
        if (s == TW_OK) s = tw__writer_finish(&w, err);
        else tw__writer_abandon(&w);
    }
    tw__free(ctx, header, header_bytes, 1);
    return s;
}
