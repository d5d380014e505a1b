/* Writing converted rows; see twd.h.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "data/twd.h"
#include "file/json.h"
#include <string.h>

enum { UNIT = 64, BLOCK = 1 << 16 };

/* ---- layout -------------------------------------------------------------------------------------------- */

void tw__twd_set_targets(tw__twd_head *h, size_t n)
{
    h->n_targets = (uint16_t)(n > 1 ? n : 0);
    h->version = n > 1 ? 2 : 1;
}

size_t tw__twd_targets(const tw__twd_head *h) { return h->n_targets ? h->n_targets : 1; }

/* Every count of bytes is at most 2^59, so that none of these overflows. */
uint64_t tw__twd_part_bytes(const tw__twd_head *h, enum tw__twd_part part)
{
    const uint64_t is_sparse = h->width == 0, has = h->has >> part & 1;
    switch (part) {
    case TW__TWD_TEXT: return h->text_bytes;
    case TW__TWD_WORDS: return h->word_bytes;
    case TW__TWD_X: return h->numbers * tw_type_size((tw_type)h->type);
    case TW__TWD_COLUMNS: return is_sparse * h->numbers * sizeof(uint32_t);
    case TW__TWD_STARTS: return is_sparse * (h->rows + 1) * sizeof(uint64_t);
    case TW__TWD_LABEL: return has * h->rows * sizeof(uint32_t);
    case TW__TWD_TARGETS: return has * h->rows * tw__twd_targets(h) * sizeof(double);
    default: return has * h->rows * sizeof(uint64_t);
    }
}

int tw__twd_layout(const tw__twd_head *h, uint64_t at[TW__TWD_PARTS + 1])
{
    const uint64_t most = (uint64_t)1 << 56;
    uint64_t end = sizeof *h, all;
    if (h->rows > most / tw__twd_targets(h)) return 0;
    if (h->rows > most || h->numbers > most || h->text_bytes > most || h->word_bytes > most) return 0;
    if (h->width && (__builtin_mul_overflow(h->rows, h->width, &all) || all != h->numbers)) return 0;
    for (int i = 0; i < TW__TWD_PARTS; i++) {
        at[i] = (end + UNIT - 1) / UNIT * UNIT;
        end = at[i] + tw__twd_part_bytes(h, (enum tw__twd_part)i);
    }
    at[TW__TWD_PARTS] = end;
    return 1;
}

void tw__twd_checksum(const tw__twd_head *h, const void *text, const void *words,
                      char to[TW__HASH_DIGITS + 1])
{
    tw__hash hash;
    tw__hash_start(&hash);
    tw__hash_add(&hash, h, offsetof(tw__twd_head, checksum));
    tw__hash_add(&hash, text, (size_t)h->text_bytes);
    tw__hash_add(&hash, words, (size_t)h->word_bytes);
    tw__hash_hex(&hash, to);
}

/* ---- sources ------------------------------------------------------------------------------------------- */

tw_status tw__stamp_take(tw__stamp *s, tw_context *ctx, const char *path, tw_error *err)
{
    int kind;
    *s = (tw__stamp){.is_file = 0};
    TW_TRY(tw__path_kind(ctx, path, &kind, err));
    s->is_file = kind == TW_PATH_FILE;
    if (!s->is_file || !ctx->io.stamp) return TW_OK;
    const int e = ctx->io.stamp(ctx->io.user, path, &s->bytes, &s->written);
    return e ? tw__fail_system(err, e, "cannot look at", path) : TW_OK;
}

tw_status tw__twd_hash(tw_context *ctx, const char *path, char to[TW__HASH_DIGITS + 1], tw_error *err)
{
    tw__stream *stream;
    uint8_t *block;
    size_t got = BLOCK;
    tw__hash hash;
    tw__hash_start(&hash);
    TW_TRY(tw__alloc(ctx, &block, BLOCK, 1, err));
    tw_status s = tw__stream_open(&stream, ctx, path, TW__PLAIN, UINT64_MAX, err);
    while (s == TW_OK && got == BLOCK) {
        s = tw__stream_read(stream, block, BLOCK, &got, err);
        if (s == TW_OK) tw__hash_add(&hash, block, got);
    }
    tw__stream_close(stream);
    tw__free(ctx, block, BLOCK, 1);
    tw__hash_hex(&hash, to);
    return s;
}

/* A source that the rows of a file will be compared with; pipes are gone then. */
static tw_status add_source(tw__json_builder *b, json_t *list, tw_context *ctx, const char *path,
                            const tw__stamp *before, tw_error *err)
{
    tw__stamp after;
    char hash[TW__HASH_DIGITS + 1];
    if (!before->is_file) return TW_OK;
    TW_TRY(tw__twd_hash(ctx, path, hash, err));
    TW_TRY(tw__stamp_take(&after, ctx, path, err));
    if (after.bytes != before->bytes || after.written != before->written)
        return tw__fail(err, TW_ERR_DATA, "%.300s was changed while it was read", path);
    json_t *o = tw__json_object(b);
    tw__json_put_text(b, o, "path", path);
    tw__json_put_natural(b, o, "bytes", after.bytes);
    tw__json_put(b, o, "written", tw__json_integer(b, after.written));
    tw__json_put_text(b, o, "hash", hash);
    tw__json_append(b, list, o);
    return TW_OK;
}

/* Freed by tw__free_text. */
static tw_status make_text(const tw__source *source, const char *schema, char **text, tw_error *err)
{
    tw__json_builder b = {.err = err};
    tw__json_fault fault;
    json_t *parsed, *sources, *all;
    *text = NULL;
    if (tw__json_parse(source->ctx, &parsed, schema, strlen(schema), &fault) != TW_OK)
        return tw__fail(err, TW_ERR_MEMORY, "out of memory for the description of the columns");
    json_t *o = tw__json_object(&b);
    tw__json_put(&b, o, "schema", parsed);
    sources = tw__json_list(&b);
    tw_status s = TW_OK;
    for (size_t i = 0; i < source->n && s == TW_OK; i++)
        s = add_source(&b, sources, source->ctx, source->paths[i], &source->save->stamps[i], err);
    tw__json_put(&b, o, "sources", sources);
    if (source->save->how) tw__json_put_text(&b, o, "how", source->save->how);
    if (s == TW_OK) s = tw__json_take(&b, o, &all);
    else json_decref(o);
    if (s != TW_OK) return s;
    s = tw__json_dump(source->ctx, all, JSON_COMPACT, text, err);
    json_decref(all);
    return s;
}

/* ---- the file ------------------------------------------------------------------------------------------ */

typedef struct writing {
    const tw__twd_head *head;
    const char *text;
    tw__twd_put *put;
    void *user;
} writing;

static tw_status put_parts(tw__writer *w, const writing *from, tw_error *err)
{
    static const uint8_t zeros[UNIT] = {0};
    const tw__twd_head *h = from->head;
    uint64_t at[TW__TWD_PARTS + 1], end = sizeof *h;
    tw__twd_layout(h, at);
    TW_TRY(tw__writer_put(w, h, sizeof *h, err));
    for (int i = 0; i < TW__TWD_PARTS; i++) {
        const enum tw__twd_part part = (enum tw__twd_part)i;
        const uint64_t n = tw__twd_part_bytes(h, part);
        TW_TRY(tw__writer_put(w, zeros, (size_t)(at[i] - end), err));
        if (part == TW__TWD_TEXT) TW_TRY(tw__writer_put(w, from->text, (size_t)n, err));
        else if (n) TW_TRY(from->put(from->user, part, w, err));
        end = at[i] + n;
    }
    return TW_OK;
}

static tw_status write_parts(const tw__source *source, tw__twd_head *h, const char *words,
                             const writing *from, tw_error *err)
{
    uint64_t at[TW__TWD_PARTS + 1];
    char sum[TW__HASH_DIGITS + 1];
    tw__writer w;
    if (!tw__twd_layout(h, at))
        return tw__fail(err, TW_ERR_MEMORY, "%.300s would be too long", source->save->path);
    h->bytes = at[TW__TWD_PARTS];
    tw__twd_checksum(h, from->text, words, sum);
    memcpy(h->checksum, sum, sizeof h->checksum);
    TW_TRY(tw__writer_open(&w, source->ctx, source->save->path, err));
    const tw_status s = put_parts(&w, from, err);
    if (s == TW_OK) return tw__writer_finish(&w, err);
    tw__writer_abandon(&w);
    return s;
}

tw_status tw__twd_write_file(const tw__source *source, tw__twd_head *h, const char *schema, const char *words,
                             tw__twd_put *put, void *user, tw_error *err)
{
    char *text;
    TW_TRY(make_text(source, schema, &text, err));
    h->text_bytes = strlen(text);
    const writing from = {.head = h, .text = text, .put = put, .user = user};
    const tw_status s = write_parts(source, h, words, &from, err);
    tw__free_text(source->ctx, text);
    return s;
}

/* ---- rows in memory ------------------------------------------------------------------------------------ */

typedef struct lists {
    const tw__twd_head *head;
    const void *part[TW__TWD_PARTS];
} lists;

static tw_status put_list(void *user, enum tw__twd_part part, tw__writer *to, tw_error *err)
{
    const lists *l = user;
    return tw__writer_put(to, l->part[part], (size_t)tw__twd_part_bytes(l->head, part), err);
}

tw_status tw__twd_write(const tw__source *source, const tw_data_info *r, size_t width, const tw__words *words,
                        const uint32_t *label, tw_error *err)
{
    char hash[TW__HASH_DIGITS + 1];
    tw__twd_head h = TW__TWD_HEAD_INIT;
    lists l = {&h,
               {NULL, words->text, r->x, r->columns, r->starts, label, r->targets, r->groups, r->weights}};
    h.rows = r->rows;
    h.numbers = tw__data_numbers(r);
    h.left_out = r->left_out;
    h.width = width;
    h.type = (uint32_t)r->type;
    h.n_words = words->n;
    h.word_bytes = words->used;
    tw__twd_set_targets(&h, r->n_targets);
    for (int i = TW__TWD_LABEL; i < TW__TWD_PARTS; i++) h.has |= (uint16_t)((l.part[i] != NULL) << i);
    tw__data_hash_rows(r, NULL, hash);
    memcpy(h.fingerprint, hash, sizeof h.fingerprint);
    return tw__twd_write_file(source, &h, r->schema, words->text, put_list, &l, err);
}
