/* Reading safetensors from anyone: everything the header says is checked here against the file.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memmem */
#include "file/safetensors.h"
#include "file/archive.h"
#include "file/json.h"
#include <stdlib.h>
#include <string.h>

/* MOST_MARKS bounds what jansson can make of a header: each value costs it some 200 bytes at most, so 128 MiB
 * at the worst. */
enum { HEADER_CAP = 16 << 20, LENGTH = 8, MOST_MARKS = 1 << 19 };
static const uint64_t most_elements = (uint64_t)1 << 48;

typedef struct reader {
    tw__safetensors *file;
    const char *path;
} reader;

/* The byte at which a name stands in the header, 8 if it is spelt with escapes. */
static int64_t place_of(const reader *r, const char *name)
{
    const uint8_t *p = r->file->header, *end = p + r->file->header_bytes;
    size_t n = strlen(name);
    for (const uint8_t *at = p; (at = memmem(at, (size_t)(end - at), name, n)); at++)
        if (at > p && at + n < end && at[-1] == '"' && at[n] == '"') return at - 1 - p;
    return LENGTH;
}

#define FAIL_AT(r, name, ...) tw__fail_in(err, TW_ERR_DATA, (r)->path, 0, place_of(r, name), __VA_ARGS__)

static tw_status read_header(reader *r, tw__stream *s, tw_error *err)
{
    uint8_t length[LENGTH];
    size_t got;
    uint64_t n = 0;
    TW_TRY(tw__stream_read(s, length, LENGTH, &got, err));
    if (got < LENGTH)
        return tw__fail_in(err, TW_ERR_DATA, r->path, 0, (int64_t)got,
                           "ends here; a safetensors file begins with 8 bytes, the length of its header");
    for (int i = 0; i < LENGTH; i++) n |= (uint64_t)length[i] << 8 * i;
    if (n < 2 || n > HEADER_CAP)
        return tw__fail_in(err, TW_ERR_DATA, r->path, 0, 0,
                           "a header of %llu bytes is outside [2, %d]; is this a safetensors file?",
                           (unsigned long long)n, HEADER_CAP);
    TW_TRY(tw__alloc(r->file->ctx, &r->file->header, LENGTH + (size_t)n, 1, err));
    r->file->header_bytes = LENGTH + (size_t)n;
    memcpy(r->file->header, length, LENGTH);
    TW_TRY(tw__stream_read(s, r->file->header + LENGTH, (size_t)n, &got, err));
    if (got < n)
        return tw__fail_in(err, TW_ERR_DATA, r->path, 0, LENGTH + (int64_t)got,
                           "ends inside the header, which is %llu bytes long", (unsigned long long)n);
    return TW_OK;
}

static tw_status parse_header(reader *r, tw_error *err)
{
    const char *text = (const char *)r->file->header + LENGTH;
    size_t n = r->file->header_bytes - LENGTH, marks = 0;
    tw__json_fault fault;
    if (text[0] != '{')
        return tw__fail_in(err, TW_ERR_DATA, r->path, 0, LENGTH,
                           "the header does not begin with { ; is this a safetensors file?");
    for (size_t i = 0; i < n; i++) marks += text[i] == ',' || text[i] == '[' || text[i] == '{';
    if (marks > MOST_MARKS)
        return tw__fail_in(err, TW_ERR_DATA, r->path, 0, LENGTH, "the header holds more than %d values",
                           MOST_MARKS);
    json_t *json;
    tw_status s = tw__json_parse(r->file->ctx, &json, text, n, &fault);
    r->file->json = json;
    if (s == TW_ERR_DATA)
        return tw__fail_in(err, s, r->path, 0, LENGTH + fault.at,
                           "the header is not the JSON it should be: %s", fault.text);
    return s == TW_OK ? s : tw__fail(err, s, "out of memory for the header of %.300s", r->path);
}

static tw_status check_meta(const reader *r, const json_t *meta, tw_error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(meta)) return FAIL_AT(r, "__metadata__", "__metadata__ is not an object of strings");
    json_object_foreach ((json_t *)(uintptr_t)meta, key, value)
        if (!json_is_string(value))
            return FAIL_AT(r, key, "__metadata__ holds \"%.80s\", which is not a string", key);
    return TW_OK;
}

static int type_of(const char *name, tw_type *type)
{
    static const char *const names[] = {"U8", "I64", "F32", "F64"};
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0) {
            *type = (tw_type)i;
            return 1;
        }
    return 0;
}

static tw_status read_shape(const reader *r, tw__tensor_entry *t, const json_t *shape, size_t *bytes,
                            tw_error *err)
{
    size_t rank = json_array_size(shape);
    uint64_t elements = 1;
    if (!json_is_array(shape) || rank > TW__MOST_DIMENSIONS)
        return FAIL_AT(r, t->name, "the shape of \"%.80s\" is not a list of at most %d lengths", t->name,
                       TW__MOST_DIMENSIONS);
    t->rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *length = json_array_get(shape, i);
        t->shape[i] = json_integer_value(length);
        if (!json_is_integer(length) || t->shape[i] < 0)
            return FAIL_AT(r, t->name, "length %zu in the shape of \"%.80s\" is not an integer from 0 on", i,
                           t->name);
        if (__builtin_mul_overflow(elements, (uint64_t)t->shape[i], &elements) || elements > most_elements)
            return FAIL_AT(r, t->name, "\"%.80s\" has more than 2^48 elements", t->name);
    }
    if (!tw__tensor_bytes(t, bytes)) return FAIL_AT(r, t->name, "\"%.80s\" is larger than memory", t->name);
    return TW_OK;
}

/* Begin and end of a tensor in the data, kept beside its entry until the order is known. */
typedef struct span {
    tw__tensor_entry entry;
    uint64_t begin, end;
} span;

static tw_status read_entry(const reader *r, span *to, const char *name, const json_t *value, tw_error *err)
{
    const json_t *dtype = json_object_get(value, "dtype"), *offsets = json_object_get(value, "data_offsets");
    tw__tensor_entry *t = &to->entry;
    size_t bytes;
    t->name = name;
    if (json_object_size(value) != 3 || !json_is_string(dtype) || !json_object_get(value, "shape") ||
        json_array_size(offsets) != 2)
        return FAIL_AT(r, name, "\"%.80s\" is not an object of dtype, shape and two data_offsets", name);
    if (!type_of(json_string_value(dtype), &t->type))
        return FAIL_AT(r, name, "\"%.80s\" has dtype %.20s; U8, I64, F32 and F64 are supported", name,
                       json_string_value(dtype));
    TW_TRY(read_shape(r, t, json_object_get(value, "shape"), &bytes, err));
    const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    json_int_t b = json_integer_value(begin), e = json_integer_value(end);
    if (!json_is_integer(begin) || !json_is_integer(end) || b < 0 || e < b)
        return FAIL_AT(r, name, "the data_offsets of \"%.80s\" are not two ascending integers", name);
    if ((uint64_t)(e - b) != bytes)
        return FAIL_AT(r, name, "the data_offsets of \"%.80s\" span %lld bytes, its shape and dtype %zu",
                       name, (long long)(e - b), bytes);
    to->begin = (uint64_t)b;
    to->end = (uint64_t)e;
    return TW_OK;
}

static int by_place(const void *pa, const void *pb)
{
    const span *a = pa, *b = pb;
    if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
    if (a->end != b->end) return a->end < b->end ? -1 : 1; /* empty ones first */
    return strcmp(a->entry.name, b->entry.name);
}

static tw_status read_spans(reader *r, span *spans, uint64_t *data_bytes, tw_error *err)
{
    const char *name;
    json_t *value;
    size_t n = 0;
    json_object_foreach (r->file->json, name, value) {
        if (strcmp(name, "__metadata__") == 0) TW_TRY(check_meta(r, value, err));
        else TW_TRY(read_entry(r, &spans[n++], name, value, err));
    }
    qsort(spans, n, sizeof *spans, by_place);
    uint64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (spans[i].begin != at)
            return FAIL_AT(
                r, spans[i].entry.name,
                "the data of \"%.80s\" begins at %llu, the data before it ends at %llu (holes and overlaps are refused)",
                spans[i].entry.name, (unsigned long long)spans[i].begin, (unsigned long long)at);
        at = spans[i].end;
    }
    *data_bytes = at;
    r->file->n = n;
    return TW_OK;
}

static tw_status read_data(reader *r, tw__stream *s, const span *spans, uint64_t bytes, tw_error *err)
{
    tw__safetensors *file = r->file;
    TW_TRY(tw__stream_take(s, bytes, &file->data, &file->data_bytes, err));
    if (file->data_bytes < bytes)
        return tw__fail_in(err, TW_ERR_DATA, r->path, 0, (int64_t)(file->header_bytes + file->data_bytes),
                           "ends here; the header declares %llu bytes of data, not %zu",
                           (unsigned long long)bytes, file->data_bytes);
    TW_TRY(tw__stream_end(s, err));
    for (size_t i = 0; i < file->n; i++) {
        file->entries[i] = spans[i].entry;
        file->entries[i].data = file->data + spans[i].begin;
    }
    return TW_OK;
}

static tw_status read_all(reader *r, tw__stream *s, tw_error *err)
{
    tw__safetensors *file = r->file;
    span *spans = NULL;
    uint64_t bytes = 0;
    TW_TRY(read_header(r, s, err));
    TW_TRY(parse_header(r, err));
    size_t members = json_object_size(file->json), n;
    TW_TRY(tw__alloc(file->ctx, &spans, members, sizeof *spans, err));
    tw_status status = read_spans(r, spans, &bytes, err);
    n = file->n;
    if (status == TW_OK) status = tw__alloc(file->ctx, &file->entries, n, sizeof *file->entries, err);
    if (status == TW_OK) status = read_data(r, s, spans, bytes, err);
    tw__free(file->ctx, spans, members, sizeof *spans);
    return status;
}

tw_status tw__safetensors_take(tw__safetensors *file, tw_context *ctx, tw__stream *s, const char *path,
                               tw_error *err)
{
    reader r = {.file = file, .path = path};
    memset(file, 0, sizeof *file);
    file->ctx = ctx;
    const tw_status status = read_all(&r, s, err);
    if (status != TW_OK) tw__safetensors_free(file);
    return status;
}

tw_status tw__safetensors_open(tw__safetensors *file, tw_context *ctx, const char *path, tw_error *err)
{
    tw__stream *s;
    memset(file, 0, sizeof *file);
    TW_TRY(tw__stream_open(&s, ctx, path, TW__PLAIN, 0, err));
    const tw_status status = tw__safetensors_take(file, ctx, s, path, err);
    tw__stream_close(s);
    return status;
}

const tw__tensor_entry *tw__safetensors_find(const tw__safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->n; i++)
        if (strcmp(file->entries[i].name, name) == 0) return &file->entries[i];
    return NULL;
}

const char *tw__safetensors_meta(const tw__safetensors *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->json, "__metadata__"), key));
}

void tw__safetensors_free(tw__safetensors *file)
{
    if (!file->ctx) return;
    tw__free(file->ctx, file->entries, file->n, sizeof *file->entries);
    tw__free(file->ctx, file->header, file->header_bytes, 1);
    tw__free(file->ctx, file->data, file->data_bytes, 1);
    json_decref(file->json);
    memset(file, 0, sizeof *file);
}
