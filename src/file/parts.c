/* Writing checkpoints in parts; see parts.h.
 * SPDX-License-Identifier: MIT */
#include "file/parts.h"
#include "base/io.h"
#include "file/listing.h"
#include "file/safetensors.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "checkpoint-"
#define SUFFIX ".safetensors"

/* ---- names --------------------------------------------------------------------------------------------- */

void tw__part_name(uint64_t number, size_t rank, char to[TW__PART_NAME])
{
    snprintf(to, TW__PART_NAME, PREFIX "%llu-%zu" SUFFIX, (unsigned long long)number, rank);
}

/* Digits without zeros before them, of at most 10^18. */
static int read_number(const char **at, uint64_t *to)
{
    const char *p = *at;
    if (*p == '0' && p[1] >= '0' && p[1] <= '9') return 0;
    for (*to = 0; *p >= '0' && *p <= '9' && p - *at < 18; p++) *to = *to * 10 + (uint64_t)(*p - '0');
    const int is_number = p > *at;
    *at = p;
    return is_number;
}

/* A part's name that begins there, and what comes after it. */
static int read_name(const char *at, uint64_t *number, const char **end)
{
    uint64_t rank;
    if (strncmp(at, PREFIX, sizeof PREFIX - 1) != 0) return 0;
    at += sizeof PREFIX - 1;
    if (!read_number(&at, number) || *number == 0 || *at++ != '-' || !read_number(&at, &rank) ||
        strncmp(at, SUFFIX, sizeof SUFFIX - 1) != 0)
        return 0;
    *end = at + sizeof SUFFIX - 1;
    return 1;
}

tw_status tw__parts_text(tw_context *ctx, uint64_t number, const tw__written *files, size_t n, char **out,
                         tw_error *err)
{
    enum { LINE = TW__PART_NAME + TW__HASH_DIGITS + 32 };
    char name[TW__PART_NAME], *text;
    size_t used = 0;
    *out = NULL;
    TW_TRY(tw__alloc(ctx, &text, n + 1, LINE, err));
    for (size_t i = 0; i < n; i++) {
        if (files[i].bytes == 0) continue;
        tw__part_name(number, i, name);
        used += (size_t)snprintf(text + used, LINE, "%s%s %llu %s", used ? ", " : "", name,
                                 (unsigned long long)files[i].bytes, files[i].sum);
    }
    const tw_status s = tw__copy_text(ctx, out, text, err);
    tw__free(ctx, text, n + 1, LINE);
    return s;
}

int tw__part_read(const char **at, tw__checkpoint_part *to)
{
    const char *begin = *at, *p;
    if (!read_name(begin, &to->number, &p) || p - begin >= TW__PART_NAME) return 0;
    snprintf(to->name, sizeof to->name, "%.*s", (int)(p - begin), begin);
    if (*p++ != ' ' || !read_number(&p, &to->file.bytes) || *p++ != ' ' ||
        strspn(p, "0123456789abcdef") != TW__HASH_DIGITS)
        return 0;
    snprintf(to->file.sum, sizeof to->file.sum, "%s", p);
    *at = p + TW__HASH_DIGITS;
    if (strncmp(*at, ", ", 2) == 0) *at += 2;
    else if (**at) return 0;
    return 1;
}

tw_status tw__parts_list(tw_context *ctx, const char *directory, tw__listing *names, tw_error *err)
{
    *names = (tw__listing){0};
    return ctx->io.list ? tw__listing_read(names, ctx, directory, err) : TW_OK;
}

tw_status tw__parts_remove(tw_context *ctx, const char *directory, const tw__listing *names, uint64_t keep,
                           tw_error *err)
{
    uint64_t number;
    const char *rest;
    for (size_t i = 0; i < names->n; i++) {
        char path[TW__PATH];
        if (!read_name(names->names[i], &number, &rest) || (*rest && strcmp(rest, TW_PARTIAL) != 0)) continue;
        if (number == keep) continue;
        TW_TRY(tw__path_in(directory, names->names[i], path, err));
        const int e = ctx->io.remove(ctx->io.user, path);
        if (e && e != ENOENT) return tw__fail_system(err, e, "cannot remove", path);
    }
    return TW_OK;
}

tw_status tw__parts_sweep(tw_context *ctx, const char *directory, uint64_t keep, uint64_t *next,
                          tw_error *err)
{
    tw__listing names;
    uint64_t number, largest = keep;
    const char *rest;
    tw_status s = tw__parts_list(ctx, directory, &names, err);
    for (size_t i = 0; i < names.n; i++)
        if (read_name(names.names[i], &number, &rest) && number > largest) largest = number;
    if (next) *next = largest + 1;
    if (s == TW_OK) s = tw__parts_remove(ctx, directory, &names, keep, err);
    tw__listing_free(&names, ctx);
    return s;
}

/* ---- pieces -------------------------------------------------------------------------------------------- */

tw_status tw__pieces_add(tw__pieces *to, const tw__piece *piece, tw_error *err)
{
    char *name;
    TW_TRY(tw__grow(to->ctx, &to->piece, &to->capacity, to->n + 1, sizeof *to->piece, err));
    TW_TRY(tw__copy_text(to->ctx, &name, piece->name, err));
    to->piece[to->n] = *piece;
    to->piece[to->n++].name = name;
    return TW_OK;
}

void tw__pieces_free(tw__pieces *p)
{
    for (size_t i = 0; i < p->n; i++) tw__free_text(p->ctx, p->piece[i].name);
    tw__free(p->ctx, p->piece, p->capacity, sizeof *p->piece);
    *p = (tw__pieces){.ctx = p->ctx};
}

typedef struct cutter {
    tw_visitor visitor;
    tw__pieces *to;
    tw__held *held; /* by rising addresses */
    size_t n;
} cutter;

/* Its bytes lo .. hi-1. */
static tw_status add_piece(cutter *c, const tw__tensor_entry *t, size_t lo, size_t hi, const tw__held *of,
                           tw_error *err)
{
    char name[1024];
    const size_t each = tw_type_size(t->type);
    int n = snprintf(name, sizeof name, "%s[%zu:%zu of ", t->name, lo / each, hi / each);
    for (int i = 0; i < t->rank && n < (int)sizeof name; i++)
        n += snprintf(name + n, sizeof name - (size_t)n, "%s%lld", i ? "x" : "", (long long)t->shape[i]);
    if (n + 2 > (int)sizeof name || lo % each || hi % each)
        return tw__fail(err, TW_ERR_INTERNAL, "state \"%.100s\" cannot be cut at byte %zu", t->name, hi);
    snprintf(name + n, sizeof name - (size_t)n, "]");
    const char *const at = (const char *)t->data + lo;
    const tw__piece p = {.name = name,
                         .type = t->type,
                         .n = (hi - lo) / each,
                         .data = at,
                         .rank = of ? of->rank : 0,
                         .index = of ? of->index : 0,
                         .offset = of ? (size_t)(at - of->at) : 0};
    return tw__pieces_add(c->to, &p, err);
}

/* The first range that ends after this address. */
static size_t first_after(const tw__held *held, size_t n, const char *at)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2;
        if (held[middle].at + held[middle].bytes > at) hi = middle;
        else lo = middle + 1;
    }
    return lo;
}

static int is_cut(const tw__held *held, size_t n, const void *data, size_t bytes)
{
    const size_t i = bytes ? first_after(held, n, data) : n;
    return bytes >= TW__PART_FIELD || (i < n && held[i].at < (const char *)data + bytes);
}

static tw_status cut(cutter *c, const tw__tensor_entry *t, size_t bytes, tw_error *err)
{
    const char *const begin = t->data, *const end = begin + bytes;
    const char *at = begin;
    for (size_t i = first_after(c->held, c->n, begin); at < end;) {
        tw__held *const next = i < c->n && c->held[i].at < end ? &c->held[i] : NULL, *const of =
                                                                                         next && next->at <=
                                                                                                     at
                                                                                             ? next
                                                                                             : NULL;
        const char *stop = of ? of->at + of->bytes : next ? next->at : end;
        if (stop > end) stop = end;
        TW_TRY(add_piece(c, t, (size_t)(at - begin), (size_t)(stop - begin), of, err));
        if (of) of->found += (size_t)(stop - at);
        i += of != NULL;
        at = stop;
    }
    return TW_OK;
}

/* A field as an entry; *bytes: of its numbers. */
static tw_status entry_of(const char *name, tw_type type, int rank, const int64_t *shape, void *data,
                          tw__tensor_entry *to, size_t *bytes, tw_error *err)
{
    *to = (tw__tensor_entry){.name = name, .type = type, .rank = rank, .data = data};
    if (rank > 0 && rank <= TW__MOST_DIMENSIONS) memcpy(to->shape, shape, (size_t)rank * sizeof *shape);
    return rank >= 0 && rank <= TW__MOST_DIMENSIONS && tw__tensor_bytes(to, bytes)
               ? TW_OK
               : tw__fail(err, TW_ERR_INTERNAL, "state \"%.100s\" has an impossible shape", name);
}

static tw_status cut_field(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                           void *data, tw_error *err)
{
    cutter *const c = v->user;
    tw__tensor_entry t;
    size_t bytes;
    TW_TRY(entry_of(name, type, rank, shape, data, &t, &bytes, err));
    return is_cut(c->held, c->n, data, bytes) ? cut(c, &t, bytes, err) : TW_OK;
}

static tw_status leave_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                            tw_context *ctx, tw_error *err)
{
    (void)v, (void)name, (void)type, (void)n, (void)data, (void)ctx, (void)err;
    return TW_OK;
}

static int by_address(const void *pa, const void *pb)
{
    const tw__held *a = pa, *b = pb;
    return a->at < b->at ? -1 : a->at > b->at;
}

tw_status tw__pieces_cut(tw__pieces *to, tw__held *held, size_t n, tw__visit *visit, void *object,
                         tw_error *err)
{
    cutter c = {.visitor = {.loading = TW_SHOW, .field = cut_field, .list = leave_list},
                .to = to,
                .held = held,
                .n = n};
    c.visitor.user = &c;
    if (n) qsort(held, n, sizeof *held, by_address);
    for (size_t i = 0; i < n; i++)
        if (i + 1 < n && held[i].at + held[i].bytes > held[i + 1].at)
            return tw__fail(err, TW_ERR_INTERNAL, "ranks %zu and %zu have the same state", held[i].rank,
                            held[i + 1].rank);
    TW_TRY(visit(object, &c.visitor, err));
    for (size_t i = 0; i < n; i++)
        if (held[i].found < held[i].bytes)
            return tw__fail(err, TW_ERR_INTERNAL, "of %zu bytes of state of rank %zu fields have %zu",
                            held[i].bytes, held[i].rank, held[i].found);
    return TW_OK;
}

/* ---- files --------------------------------------------------------------------------------------------- */

struct selection {
    const tw__pieces *pieces;
    size_t rank;
};

static tw_status visit_pieces(void *object, tw_visitor *v, tw_error *err)
{
    const struct selection *s = object;
    for (size_t i = 0; i < s->pieces->n; i++) {
        const tw__piece *const p = &s->pieces->piece[i];
        const int64_t n = (int64_t)p->n;
        if (p->rank != s->rank) continue;
        TW_TRY(v->field(v, p->name, p->type, 1, &n, (void *)(uintptr_t)p->data, err));
    }
    return TW_OK;
}

tw_status tw__pieces_save(const tw__pieces *pieces, size_t rank, const char *path, tw__written *out,
                          tw_error *err)
{
    struct selection s = {pieces, rank};
    int has_some = 0;
    *out = (tw__written){0};
    for (size_t i = 0; i < pieces->n; i++) has_some |= pieces->piece[i].rank == rank;
    const tw__checkpoint_head head = {.kind = "part"};
    return has_some ? tw__checkpoint_write(pieces->ctx, path, &head, visit_pieces, &s, out, err) : TW_OK;
}

struct small {
    tw_visitor visitor, *inner;
    const tw__small_fields *of;
};

static tw_status small_field(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                             void *data, tw_error *err)
{
    const struct small *s = v->user;
    tw__tensor_entry t;
    size_t bytes;
    TW_TRY(entry_of(name, type, rank, shape, data, &t, &bytes, err));
    if (is_cut(s->of->held, s->of->n, data, bytes)) return TW_OK;
    return s->inner->field(s->inner, name, type, rank, shape, data, err);
}

static tw_status any_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                          tw_context *ctx, tw_error *err)
{
    const struct small *s = v->user;
    return s->inner->list(s->inner, name, type, n, data, ctx, err);
}

tw_status tw__small_fields_visit(void *small_fields, tw_visitor *v, tw_error *err)
{
    const tw__small_fields *of = small_fields;
    struct small s = {.visitor = {.loading = v->loading, .field = small_field, .list = any_list},
                      .inner = v,
                      .of = of};
    s.visitor.user = &s;
    return of->visit(of->object, &s.visitor, err);
}
