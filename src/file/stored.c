/* Reading checkpoints in one file or in parts; see stored.h.
 * SPDX-License-Identifier: MIT */
#include "file/stored.h"
#include "base/io.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its checksum, if it has the one that it says. */
static tw_status check_sum(const tw__safetensors *f, const char *path, const char *kind, tw_error *err)
{
    char sum[TW__HASH_DIGITS + 1];
    tw__hash h;
    if (f->header_bytes < TW__SUM_AT + TW__HASH_DIGITS ||
        memcmp(f->header + 8, TW__BEFORE_SUM, sizeof TW__BEFORE_SUM - 1) != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 8,
                           "not a checkpoint (its header does not begin with the format %s)",
                           TW__CHECKPOINT_FORMAT);
    tw__hash_start(&h);
    tw__hash_add(&h, f->data, f->data_bytes);
    tw__hash_add(&h, f->header, TW__SUM_AT);
    tw__hash_add(&h, TW__SUM_ZEROS, TW__HASH_DIGITS);
    tw__hash_add(&h, f->header + TW__SUM_AT + TW__HASH_DIGITS,
                 f->header_bytes - TW__SUM_AT - TW__HASH_DIGITS);
    tw__hash_hex(&h, sum);
    if (memcmp(sum, f->header + TW__SUM_AT, TW__HASH_DIGITS) != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, TW__SUM_AT,
                           "the checkpoint is damaged (its checksum is %s, over its bytes it is %s)",
                           tw__safetensors_meta(f, "xxh3-128"), sum);
    const char *is = tw__safetensors_meta(f, "kind");
    if (!is || strcmp(is, kind) != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 8,
                           "a checkpoint of \"%.60s\", where one of \"%.60s\" is needed", is ? is : "", kind);
    return TW_OK;
}

tw_status tw__stored_open(tw__stored *s, tw_context *ctx, const char *path, const char *kind, tw_error *err)
{
    *s = (tw__stored){.ctx = ctx, .path = path};
    tw_status status = tw__safetensors_open(&s->whole, ctx, path, err);
    if (status == TW_OK) status = check_sum(&s->whole, path, kind, err);
    if (status != TW_OK) tw__stored_free(s);
    return status;
}

void tw__stored_free(tw__stored *s)
{
    for (size_t i = 0; i < s->n_parts; i++) tw__safetensors_free(&s->parts[i].file);
    for (size_t i = 0; i < s->n_pieces; i++) tw__free_text(s->ctx, s->pieces[i].name);
    tw__free(s->ctx, s->parts, s->parts_capacity, sizeof *s->parts);
    tw__free(s->ctx, s->pieces, s->pieces_capacity, sizeof *s->pieces);
    tw__free(s->ctx, s->fields, s->capacity, sizeof *s->fields);
    tw__safetensors_free(&s->whole);
    *s = (tw__stored){.ctx = s->ctx};
}

/* ---- parts --------------------------------------------------------------------------------------------- */

/* The file of that name beside the checkpoint. */
static tw_status path_of(const tw__stored *s, const char *name, char to[TW__PATH], tw_error *err)
{
    const char *const slash = strrchr(s->path, '/');
    const int n = snprintf(to, TW__PATH, "%.*s%s", slash ? (int)(slash + 1 - s->path) : 0, s->path, name);
    return n < TW__PATH ? TW_OK
                        : tw__fail(err, TW_ERR_SPEC, "a path of %zu characters is too long", strlen(s->path));
}

static tw_status check_part(const tw__safetensors *f, const char *path, const tw__checkpoint_part *part,
                            tw_error *err)
{
    const uint64_t bytes = f->header_bytes + f->data_bytes;
    TW_TRY(check_sum(f, path, "part", err));
    const char *const sum = tw__safetensors_meta(f, "xxh3-128");
    if (bytes == part->file.bytes && strcmp(sum, part->file.sum) == 0) return TW_OK;
    return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                       "a part of another checkpoint: %llu bytes with the checksum %s",
                       (unsigned long long)bytes, sum);
}

static tw_status open_part(tw__stored *s, const tw__checkpoint_part *part, tw_error *err)
{
    char path[TW__PATH];
    int found;
    TW_TRY(path_of(s, part->name, path, err));
    TW_TRY(tw__find_file(s->ctx, path, &found, err));
    if (!found) return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "this part of the checkpoint is missing");
    TW_TRY(tw__grow(s->ctx, &s->parts, &s->parts_capacity, s->n_parts + 1, sizeof *s->parts, err));
    tw__stored_part *const to = &s->parts[s->n_parts];
    memcpy(to->name, part->name, sizeof to->name);
    TW_TRY(tw__safetensors_open(&to->file, s->ctx, path, err));
    s->n_parts++;
    return check_part(&to->file, path, part, err);
}

static tw_status open_parts(tw__stored *s, const char *text, tw_error *err)
{
    tw__checkpoint_part part;
    for (const char *at = text; *at;) {
        const char *const begin = at;
        if (!tw__part_read(&at, &part) || (s->number && s->number != part.number))
            return tw__fail_in(err, TW_ERR_DATA, s->path, 0, -1,
                               "\"%.60s\" is no list of a checkpoint's parts, with bytes and checksums",
                               begin);
        s->number = part.number;
        const tw_status status = open_part(s, &part, err);
        if (status == TW_ERR_DATA)
            tw__fail_more(
                err,
                " (the checkpoint counts %llu bytes with the checksum %s: restore that file, or start the "
                "run anew with --force)",
                (unsigned long long)part.file.bytes, part.file.sum);
        TW_TRY(status);
    }
    return TW_OK;
}

/* ---- pieces -------------------------------------------------------------------------------------------- */

static int read_length(const char **at, uint64_t most, uint64_t *to)
{
    const char *p = *at;
    for (*to = 0; *p >= '0' && *p <= '9' && *to <= most; p++) *to = *to * 10 + (uint64_t)(*p - '0');
    const int is_length = p > *at && *to <= most;
    *at = p;
    return is_length;
}

/* What "[lo:hi of 100x784]" after a field's name says. */
static int read_range(const char *at, tw__stored_piece *p)
{
    const uint64_t most = (uint64_t)1 << 48;
    uint64_t lo, hi, length, all = 1;
    if (*at++ != '[' || !read_length(&at, most, &lo) || *at++ != ':' || !read_length(&at, most, &hi) ||
        strncmp(at, " of ", 4) != 0)
        return 0;
    at += 3;
    do {
        at++;
        if (p->of.rank == TW__MOST_DIMENSIONS || !read_length(&at, most, &length) ||
            __builtin_mul_overflow(all, length, &all))
            return 0;
        p->of.shape[p->of.rank++] = (int64_t)length;
    } while (*at == 'x');
    p->lo = (size_t)lo;
    p->hi = (size_t)hi;
    return strcmp(at, "]") == 0 && lo < hi && hi <= all;
}

static tw_status take_piece(tw__stored *s, size_t part, const tw__tensor_entry *t, tw_error *err)
{
    const char *const range = strrchr(t->name, '[');
    const size_t length = range ? (size_t)(range - t->name) : strlen(t->name);
    size_t bytes;
    TW_TRY(tw__grow(s->ctx, &s->pieces, &s->pieces_capacity, s->n_pieces + 1, sizeof *s->pieces, err));
    tw__stored_piece *const p = &s->pieces[s->n_pieces];
    *p = (tw__stored_piece){.of.type = t->type, .data = t->data, .part = part};
    TW_TRY(tw__alloc(s->ctx, &p->name, length + 1, 1, err));
    s->n_pieces++;
    memcpy(p->name, t->name, length);
    p->of.name = p->name;
    if (range && t->rank == 1 && read_range(range, p) && (uint64_t)t->shape[0] == p->hi - p->lo &&
        tw__tensor_bytes(&p->of, &bytes))
        return TW_OK;
    return tw__fail_in(err, TW_ERR_DATA, s->path, 0, -1, "\"%.100s\" in %s is no piece of a field", t->name,
                       s->parts[part].name);
}

static int by_place(const void *pa, const void *pb)
{
    const tw__stored_piece *a = pa, *b = pb;
    const int order = strcmp(a->name, b->name);
    return order ? order : a->lo < b->lo ? -1 : a->lo > b->lo;
}

static tw_status add_field(tw__stored *s, const tw__stored_field *field, tw_error *err)
{
    TW_TRY(tw__grow(s->ctx, &s->fields, &s->capacity, s->n + 1, sizeof *s->fields, err));
    s->fields[s->n++] = *field;
    return TW_OK;
}

/* The field that has its first piece there: it has to have all numbers once. */
static tw_status join(tw__stored *s, size_t first, tw_error *err)
{
    const tw__stored_piece *const p = &s->pieces[first];
    tw__stored_field field = {.form = p->of, .first_piece = first};
    size_t all = 1, end = 0, i = first;
    for (int k = 0; k < p->of.rank; k++) all *= (size_t)p->of.shape[k];
    for (; i < s->n_pieces && strcmp(s->pieces[i].name, p->name) == 0; i++) {
        const tw__stored_piece *const q = &s->pieces[i];
        if (q->of.type != p->of.type || q->of.rank != p->of.rank ||
            memcmp(q->of.shape, p->of.shape, sizeof p->of.shape) != 0)
            return tw__fail_in(err, TW_ERR_DATA, s->path, 0, -1,
                               "%s and %s have \"%.100s\" in different shapes", s->parts[p->part].name,
                               s->parts[q->part].name, p->name);
        if (q->lo != end) break;
        end = q->hi;
    }
    field.n_pieces = i - first;
    if (end == all && (i == s->n_pieces || strcmp(s->pieces[i].name, p->name) != 0))
        return add_field(s, &field, err);
    return tw__fail_in(err, TW_ERR_DATA, s->path, 0, -1,
                       "its parts have number %zu of \"%.100s\" not once but %s", end, p->name,
                       i < s->n_pieces && s->pieces[i].lo < end ? "twice" : "never");
}

tw_status tw__stored_take(tw__stored *s, tw_error *err)
{
    const char *const parts = tw__safetensors_meta(&s->whole, "parts");
    if (parts) TW_TRY(open_parts(s, parts, err));
    for (size_t i = 0; i < s->n_parts; i++)
        for (size_t k = 0; k < s->parts[i].file.n; k++)
            TW_TRY(take_piece(s, i, &s->parts[i].file.entries[k], err));
    if (s->n_pieces) qsort(s->pieces, s->n_pieces, sizeof *s->pieces, by_place);
    for (size_t i = 0; i < s->whole.n; i++) {
        const tw__stored_field field = {.form = s->whole.entries[i]};
        TW_TRY(add_field(s, &field, err));
    }
    for (size_t i = 0; i < s->n_pieces; i += s->fields[s->n - 1].n_pieces) {
        if (tw__safetensors_find(&s->whole, s->pieces[i].name))
            return tw__fail_in(err, TW_ERR_DATA, s->path, 0, -1, "\"%.100s\" is in it and in %s",
                               s->pieces[i].name, s->parts[s->pieces[i].part].name);
        TW_TRY(join(s, i, err));
    }
    return TW_OK;
}

void tw__stored_copy(const tw__stored *s, const tw__stored_field *field, void *to)
{
    size_t bytes;
    const size_t each = tw_type_size(field->form.type);
    if (field->n_pieces == 0 && tw__tensor_bytes(&field->form, &bytes) && bytes)
        memcpy(to, field->form.data, bytes);
    for (size_t i = 0; i < field->n_pieces; i++) {
        const tw__stored_piece *const p = &s->pieces[field->first_piece + i];
        memcpy((char *)to + p->lo * each, p->data, (p->hi - p->lo) * each);
    }
}
