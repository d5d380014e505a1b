/* A checkpoint's header begins with a fixed text that holds the checksum, so that its place is known before
 * anything is parsed. The checksum is over the data, then the header with zeros in place of the checksum.
 * SPDX-License-Identifier: MIT */
#include "file/checkpoint.h"
#include "base/io.h"
#include "file/hash.h"
#include "file/safetensors.h"
#include <stdio.h>
#include <string.h>

#define FORMAT "thalweg-checkpoint-1"
#define ZEROS "00000000000000000000000000000000"
static const char before_sum[] = "{\"__metadata__\":{\"format\":\"" FORMAT "\",\"xxh3-128\":\"";
enum { SUM_AT = 8 + sizeof before_sum - 1 };

typedef struct saver {
    tw_visitor visitor; /* its user is this */
    tw_context *ctx;
    tw__tensor_entry *entries;
    size_t n, capacity, written;
    tw__hash hash;
    tw__writer *writer; /* NULL while collecting */
} saver;

static tw_status collect(saver *s, const tw__tensor_entry *t, tw_error *err)
{
    size_t bytes;
    if (t->rank < 0 || t->rank > TW__MOST_DIMENSIONS || !tw__tensor_bytes(t, &bytes))
        return tw__fail(err, TW_ERR_INTERNAL, "state \"%.100s\" has an impossible shape", t->name);
    TW_TRY(tw__grow(s->ctx, &s->entries, &s->capacity, s->n + 1, sizeof *s->entries, err));
    char *name;
    TW_TRY(tw__copy_text(s->ctx, &name, t->name, err));
    s->entries[s->n] = *t;
    s->entries[s->n++].name = name;
    tw__hash_add(&s->hash, t->data, bytes);
    return TW_OK;
}

static int same_form(const tw__tensor_entry *a, const tw__tensor_entry *b)
{
    return strcmp(a->name, b->name) == 0 && a->type == b->type && a->rank == b->rank &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0;
}

static tw_status write_one(saver *s, const tw__tensor_entry *t, tw_error *err)
{
    size_t bytes;
    if (s->written == s->n || !same_form(t, &s->entries[s->written]) || !tw__tensor_bytes(t, &bytes))
        return tw__fail(err, TW_ERR_INTERNAL, "state \"%.100s\" was not shown like this at the first visit",
                        t->name);
    s->written++;
    tw__hash_add(&s->hash, t->data, bytes);
    return tw__writer_put(s->writer, t->data, bytes, err);
}

static tw_status save_field(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                            void *data, tw_error *err)
{
    saver *s = v->user;
    tw__tensor_entry t = {.name = name, .type = type, .rank = rank, .data = data};
    if (rank > 0 && rank <= TW__MOST_DIMENSIONS) memcpy(t.shape, shape, (size_t)rank * sizeof *shape);
    return s->writer ? write_one(s, &t, err) : collect(s, &t, err);
}

static tw_status save_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                           tw_context *ctx, tw_error *err)
{
    (void)ctx;
    const int64_t shape[] = {(int64_t)*n};
    return save_field(v, name, type, 1, shape, *data, err);
}

static tw_status visit_and_write(saver *s, tw__visit *visit, void *object, const char sum[], tw_error *err)
{
    char again[TW__HASH_DIGITS + 1];
    tw__hash_start(&s->hash);
    TW_TRY(visit(object, &s->visitor, err));
    tw__hash_hex(&s->hash, again);
    if (s->written < s->n || strcmp(sum, again) != 0)
        return tw__fail(err, TW_ERR_INTERNAL, "the state changed while it was saved");
    return TW_OK;
}

static tw_status save_collected(saver *s, const char *path, const char *kind, const char *settings,
                                tw__visit *visit, void *object, tw_error *err)
{
    const tw__text_pair meta[] = {{"format", FORMAT},
                                  {"xxh3-128", ZEROS},
                                  {"kind", kind},
                                  {"settings", settings}};
    uint8_t *header;
    size_t bytes;
    char data_sum[TW__HASH_DIGITS + 1], sum[TW__HASH_DIGITS + 1];
    TW_TRY(tw__safetensors_header(s->ctx, s->entries, s->n, meta, settings ? 4 : 3, &header, &bytes, err));
    tw__hash_hex(&s->hash, data_sum);
    tw__hash_add(&s->hash, header, bytes);
    tw__hash_hex(&s->hash, sum);
    memcpy(header + SUM_AT, sum, TW__HASH_DIGITS);
    tw__writer w;
    tw_status status = tw__writer_open(&w, s->ctx, path, err);
    if (status == TW_OK) {
        s->writer = &w;
        status = tw__writer_put(&w, header, bytes, err);
        if (status == TW_OK) status = visit_and_write(s, visit, object, data_sum, err);
        if (status == TW_OK) status = tw__writer_finish(&w, err);
        else tw__writer_abandon(&w);
    }
    tw__free(s->ctx, header, bytes, 1);
    return status;
}

tw_status tw__checkpoint_save(tw_context *ctx, const char *path, const char *kind, const char *settings,
                              tw__visit *visit, void *object, tw_error *err)
{
    saver s = {.visitor = {.loading = TW_SHOW, .field = save_field, .list = save_list}, .ctx = ctx};
    s.visitor.user = &s;
    tw__hash_start(&s.hash);
    tw_status status = visit(object, &s.visitor, err);
    if (status == TW_OK) status = save_collected(&s, path, kind, settings, visit, object, err);
    for (size_t i = 0; i < s.n; i++) tw__free_text(ctx, (char *)(uintptr_t)s.entries[i].name);
    tw__free(ctx, s.entries, s.capacity, sizeof *s.entries);
    return status;
}

typedef struct loader {
    tw_visitor visitor;
    const tw__safetensors *file;
    size_t next;        /* where the coming field is looked for first */
    uint8_t *seen;      /* one per entry of the file */
    char problems[320]; /* what does not fit, listed */
} loader;

static const tw__tensor_entry *look_up(loader *l, const char *name)
{
    const tw__safetensors *f = l->file;
    for (size_t i = 0; i < f->n; i++) {
        size_t k = l->next + i < f->n ? l->next + i : l->next + i - f->n;
        if (strcmp(f->entries[k].name, name) != 0) continue;
        l->next = k + 1 < f->n ? k + 1 : 0;
        l->seen[k] = 1;
        return &f->entries[k];
    }
    return NULL;
}

static void complain(loader *l, const char *what, const char *name, const char *form)
{
    size_t n = strlen(l->problems);
    if (n + 4 < sizeof l->problems)
        snprintf(l->problems + n, sizeof l->problems - n, "%s%s \"%.60s\"%s", n > 0 ? "; " : "", what, name,
                 form);
}

/* "f32 [3,4]" */
static void describe(const tw__tensor_entry *t, int any_length, char *to, size_t capacity)
{
    size_t n = (size_t)snprintf(to, capacity, "%s [", tw_type_name(t->type));
    for (int i = 0; i < t->rank && n < capacity; i++) {
        if (any_length) n += (size_t)snprintf(to + n, capacity - n, "any");
        else n += (size_t)snprintf(to + n, capacity - n, "%s%lld", i > 0 ? "," : "", (long long)t->shape[i]);
    }
    if (n < capacity) snprintf(to + n, capacity - n, "]");
}

/* Whether the file has it in this form; if not, that is noted. */
static int compare(loader *l, const tw__tensor_entry *want, int any_length)
{
    const tw__tensor_entry *have = look_up(l, want->name);
    if (!have) {
        complain(l, "missing", want->name, "");
        return 0;
    }
    int fits = any_length ? have->type == want->type && have->rank == 1 : same_form(have, want);
    if (fits) return 1;
    char is[64], should[64], form[160];
    describe(have, 0, is, sizeof is);
    describe(want, any_length, should, sizeof should);
    snprintf(form, sizeof form, " is %s, should be %s", is, should);
    complain(l, "mismatched", want->name, form);
    return 0;
}

static tw_status check_field(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                             void *data, tw_error *err)
{
    (void)data;
    tw__tensor_entry t = {.name = name, .type = type, .rank = rank};
    if (rank < 0 || rank > TW__MOST_DIMENSIONS)
        return tw__fail(err, TW_ERR_INTERNAL, "state \"%.100s\" has rank %d", name, rank);
    if (rank > 0) memcpy(t.shape, shape, (size_t)rank * sizeof *shape);
    compare(v->user, &t, 0);
    return TW_OK;
}

static tw_status load_field(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                            void *data, tw_error *err)
{
    const tw__tensor_entry *have = look_up(v->user, name);
    tw__tensor_entry want = {.name = name, .type = type, .rank = rank};
    size_t bytes;
    if (rank > 0 && rank <= TW__MOST_DIMENSIONS) memcpy(want.shape, shape, (size_t)rank * sizeof *shape);
    if (!have || !same_form(have, &want) || !tw__tensor_bytes(have, &bytes))
        return tw__fail(err, TW_ERR_INTERNAL, "state \"%.100s\" was not shown like this before loading",
                        name);
    if (bytes > 0) memcpy(data, have->data, bytes);
    return TW_OK;
}

static tw_status load_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                           tw_context *ctx, tw_error *err)
{
    const tw__tensor_entry *have = look_up(v->user, name);
    size_t bytes, size = tw_type_size(type);
    if (!have || have->type != type || have->rank != 1 || !tw__tensor_bytes(have, &bytes))
        return tw__fail(err, TW_ERR_INTERNAL, "state \"%.100s\" was not shown like this before loading",
                        name);
    void *fresh = NULL;
    if (bytes > 0) {
        TW_TRY(tw__alloc(ctx, &fresh, bytes / size, size, err));
        memcpy(fresh, have->data, bytes);
    }
    tw__free(ctx, *data, *n, size);
    *data = fresh;
    *n = bytes / size;
    return TW_OK;
}

static tw_status check_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                            tw_context *ctx, tw_error *err)
{
    const tw__tensor_entry t = {.name = name, .type = type, .rank = 1};
    return compare(v->user, &t, 1) ? load_list(v, name, type, n, data, ctx, err) : TW_OK;
}

static tw_status check_sum(const tw__safetensors *f, const char *path, const char *kind, tw_error *err)
{
    char sum[TW__HASH_DIGITS + 1];
    tw__hash h;
    if (f->header_bytes < SUM_AT + TW__HASH_DIGITS ||
        memcmp(f->header + 8, before_sum, sizeof before_sum - 1) != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 8,
                           "not a checkpoint (its header does not begin with the format %s)", FORMAT);
    tw__hash_start(&h);
    tw__hash_add(&h, f->data, f->data_bytes);
    tw__hash_add(&h, f->header, SUM_AT);
    tw__hash_add(&h, ZEROS, TW__HASH_DIGITS);
    tw__hash_add(&h, f->header + SUM_AT + TW__HASH_DIGITS, f->header_bytes - SUM_AT - TW__HASH_DIGITS);
    tw__hash_hex(&h, sum);
    if (memcmp(sum, f->header + SUM_AT, TW__HASH_DIGITS) != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, SUM_AT,
                           "the checkpoint is damaged (its checksum is %s, over its bytes it is %s)",
                           tw__safetensors_meta(f, "xxh3-128"), sum);
    const char *is = tw__safetensors_meta(f, "kind");
    if (!is || strcmp(is, kind) != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 8,
                           "a checkpoint of \"%.60s\", where one of \"%.60s\" is needed", is ? is : "", kind);
    return TW_OK;
}

static tw_status load_checked(loader *l, const char *path, tw__visit *visit, void *object, tw_error *err)
{
    TW_TRY(visit(object, &l->visitor, err));
    for (size_t i = 0; i < l->file->n; i++)
        if (!l->seen[i]) complain(l, "unknown", l->file->entries[i].name, "");
    if (l->problems[0]) {
        /* longer than tw__fail_in allows */
        tw__fail(err, TW_ERR_DATA, "%.150s: does not fit: %s", path, l->problems);
        if (err) snprintf(err->file, sizeof err->file, "%s", path);
        return TW_ERR_DATA;
    }
    l->next = 0;
    l->visitor.loading = TW_LOAD;
    l->visitor.field = load_field;
    l->visitor.list = load_list;
    return visit(object, &l->visitor, err);
}

tw_status tw__checkpoint_load(tw_context *ctx, const char *path, const char *kind, tw__settings_check *check,
                              tw__visit *visit, void *object, tw_error *err)
{
    tw__safetensors file;
    TW_TRY(tw__safetensors_open(&file, ctx, path, err));
    loader l = {.visitor = {.loading = TW_COMPARE, .field = check_field, .list = check_list}, .file = &file};
    l.visitor.user = &l;
    tw_status s = check_sum(&file, path, kind, err);
    if (s == TW_OK && check) s = check(object, tw__safetensors_meta(&file, "settings"), err);
    if (s == TW_OK) s = tw__alloc(ctx, &l.seen, file.n, 1, err);
    if (s == TW_OK) s = load_checked(&l, path, visit, object, err);
    tw__free(ctx, l.seen, file.n, 1);
    tw__safetensors_free(&file);
    return s;
}
