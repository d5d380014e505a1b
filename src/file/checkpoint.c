/* Checkpoints are written and loaded; where their fields lie: stored.h.
 * SPDX-License-Identifier: MIT */
#include "file/checkpoint.h"
#include "base/io.h"
#include "file/stored.h"
#include <stdio.h>
#include <string.h>

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

/* header: with zeros in place of the checksum */
static tw_status write_file(saver *s, const char *path, uint8_t *header, size_t bytes, tw__visit *visit,
                            void *object, tw__written *out, tw_error *err)
{
    char data_sum[TW__HASH_DIGITS + 1];
    tw__writer w;
    tw__hash_hex(&s->hash, data_sum);
    tw__hash_add(&s->hash, header, bytes);
    tw__hash_hex(&s->hash, out->sum);
    memcpy(header + TW__SUM_AT, out->sum, TW__HASH_DIGITS);
    TW_TRY(tw__writer_open(&w, s->ctx, path, err));
    s->writer = &w;
    tw_status status = tw__writer_put(&w, header, bytes, err);
    if (status == TW_OK) status = visit_and_write(s, visit, object, data_sum, err);
    if (status == TW_OK) return tw__writer_finish(&w, err);
    tw__writer_abandon(&w);
    return status;
}

static tw_status save_collected(saver *s, const char *path, const tw__checkpoint_head *head, tw__visit *visit,
                                void *object, tw__written *out, tw_error *err)
{
    tw__text_pair meta[5] = {{"format", TW__CHECKPOINT_FORMAT},
                             {"xxh3-128", TW__SUM_ZEROS},
                             {"kind", head->kind}};
    size_t n = 3, bytes;
    uint8_t *header;
    if (head->settings) meta[n++] = (tw__text_pair){"settings", head->settings};
    if (head->parts) meta[n++] = (tw__text_pair){"parts", head->parts};
    TW_TRY(tw__safetensors_header(s->ctx, s->entries, s->n, meta, n, &header, &bytes, err));
    const tw_status status = write_file(s, path, header, bytes, visit, object, out, err);
    tw__free(s->ctx, header, bytes, 1);
    out->bytes += bytes;
    return status;
}

tw_status tw__checkpoint_write(tw_context *ctx, const char *path, const tw__checkpoint_head *head,
                               tw__visit *visit, void *object, tw__written *out, tw_error *err)
{
    saver s = {.visitor = {.loading = TW_SHOW, .field = save_field, .list = save_list}, .ctx = ctx};
    tw__written written = {0};
    s.visitor.user = &s;
    tw__hash_start(&s.hash);
    tw_status status = visit(object, &s.visitor, err);
    for (size_t i = 0, bytes; i < s.n; i++)
        if (tw__tensor_bytes(&s.entries[i], &bytes)) written.bytes += bytes;
    if (status == TW_OK) status = save_collected(&s, path, head, visit, object, &written, err);
    for (size_t i = 0; i < s.n; i++) tw__free_text(ctx, (char *)(uintptr_t)s.entries[i].name);
    tw__free(ctx, s.entries, s.capacity, sizeof *s.entries);
    if (status == TW_OK && out) *out = written;
    return status;
}

tw_status tw__checkpoint_save(tw_context *ctx, const char *path, const char *kind, const char *settings,
                              tw__visit *visit, void *object, tw_error *err)
{
    const tw__checkpoint_head head = {.kind = kind, .settings = settings};
    return tw__checkpoint_write(ctx, path, &head, visit, object, NULL, err);
}

typedef struct loader {
    tw_visitor visitor;
    const tw__stored *file;
    size_t next;        /* where the coming field is looked for first */
    uint8_t *seen;      /* one per field of the file */
    char problems[320]; /* what does not fit, listed */
} loader;

static const tw__stored_field *look_up(loader *l, const char *name)
{
    const tw__stored *f = l->file;
    for (size_t i = 0; i < f->n; i++) {
        size_t k = l->next + i < f->n ? l->next + i : l->next + i - f->n;
        if (strcmp(f->fields[k].form.name, name) != 0) continue;
        l->next = k + 1 < f->n ? k + 1 : 0;
        l->seen[k] = 1;
        return &f->fields[k];
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
    const tw__stored_field *const stored = look_up(l, want->name);
    if (!stored) {
        complain(l, "missing", want->name, "");
        return 0;
    }
    const tw__tensor_entry *const have = &stored->form;
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
    const tw__stored_field *const have = look_up(v->user, name);
    tw__tensor_entry want = {.name = name, .type = type, .rank = rank};
    size_t bytes;
    if (rank > 0 && rank <= TW__MOST_DIMENSIONS) memcpy(want.shape, shape, (size_t)rank * sizeof *shape);
    if (!have || !same_form(&have->form, &want) || !tw__tensor_bytes(&have->form, &bytes))
        return tw__fail(err, TW_ERR_INTERNAL, "state \"%.100s\" was not shown like this before loading",
                        name);
    tw__stored_copy(((loader *)v->user)->file, have, data);
    return TW_OK;
}

static tw_status load_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                           tw_context *ctx, tw_error *err)
{
    const tw__stored_field *const have = look_up(v->user, name);
    size_t bytes, size = tw_type_size(type);
    if (!have || have->form.type != type || have->form.rank != 1 || !tw__tensor_bytes(&have->form, &bytes))
        return tw__fail(err, TW_ERR_INTERNAL, "state \"%.100s\" was not shown like this before loading",
                        name);
    void *fresh = NULL;
    if (bytes > 0) {
        TW_TRY(tw__alloc(ctx, &fresh, bytes / size, size, err));
        tw__stored_copy(((loader *)v->user)->file, have, fresh);
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

static tw_status load_checked(loader *l, const char *path, tw__visit *visit, void *object, tw_error *err)
{
    TW_TRY(visit(object, &l->visitor, err));
    for (size_t i = 0; i < l->file->n; i++)
        if (!l->seen[i]) complain(l, "unknown", l->file->fields[i].form.name, "");
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

tw_status tw__checkpoint_read(tw_context *ctx, const char *path, const char *kind, tw__settings_check *check,
                              tw__visit *visit, void *object, uint64_t *number, tw_error *err)
{
    tw__stored file;
    TW_TRY(tw__stored_open(&file, ctx, path, kind, err));
    loader l = {.visitor = {.loading = TW_COMPARE, .field = check_field, .list = check_list}, .file = &file};
    l.visitor.user = &l;
    tw_status s = check ? check(object, tw__safetensors_meta(&file.whole, "settings"), err) : TW_OK;
    if (s == TW_OK) s = tw__stored_take(&file, err);
    if (s == TW_OK) s = tw__alloc(ctx, &l.seen, file.n, 1, err);
    if (s == TW_OK) s = load_checked(&l, path, visit, object, err);
    if (s == TW_OK && number) *number = file.number;
    tw__free(ctx, l.seen, file.n, 1);
    tw__stored_free(&file);
    return s;
}

tw_status tw__checkpoint_load(tw_context *ctx, const char *path, const char *kind, tw__settings_check *check,
                              tw__visit *visit, void *object, tw_error *err)
{
    return tw__checkpoint_read(ctx, path, kind, check, visit, object, NULL, err);
}
