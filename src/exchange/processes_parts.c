/* A checkpoint in parts (file/parts.h). Rank 0 has no large fields of the others, but knows where these would
 * be in its stand-ins:
 *
 *     rank 0       COLLECT   cuts all fields   WRITE names    its part     .      the checkpoint
 *     the others   STATE     .                 their parts    WRITTEN
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/processes.h"
#include <stdio.h>
#include <string.h>

/* A piece of what a process holds, with its name after it. */
struct request {
    uint64_t index, offset, n, type, name;
};

/* ---- rank 0 -------------------------------------------------------------------------------------------- */

static void write_request(const tw__pieces *pieces, size_t rank, const char *path, tw__writer *w)
{
    const uint64_t length = strlen(path);
    tw__write(w, &length, sizeof length);
    tw__write(w, path, length);
    for (size_t i = 0; i < pieces->n; i++) {
        const tw__piece *const p = &pieces->piece[i];
        const struct request r = {p->index, p->offset, p->n, (uint64_t)p->type, strlen(p->name)};
        if (p->rank != rank) continue;
        tw__write(w, &r, sizeof r);
        tw__write(w, p->name, r.name);
    }
}

static tw_status say_request(const tw__workers *x, const tw__pieces *pieces, size_t rank, const char *path,
                             tw_error *err)
{
    const tw__processes *c = x->carrier;
    const tw__parcel_head h = tw__parcel_head_of(x, TW__WRITE, NULL);
    tw__writer w = {.n = sizeof h};
    tw__parcel *p;
    write_request(pieces, rank, path, &w);
    TW_TRY(tw__parcel_create(c->link, w.n, &p, err));
    w = (tw__writer){.at = p->bytes};
    tw__write(&w, &h, sizeof h);
    write_request(pieces, rank, path, &w);
    return tw__link_send(c->link, TW_LINK_MESSAGES, rank, p, err);
}

static tw_status path_of(tw__workers *x, const tw__parts_saving *s, size_t rank, char **out, tw_error *err)
{
    char name[TW__PART_NAME];
    tw__part_name(s->number, rank, name);
    const size_t n = strlen(s->directory) + strlen(name) + 2;
    TW_TRY(tw__alloc(x->ctx, out, n, 1, err));
    snprintf(*out, n, "%s/%s", s->directory, name);
    return TW_OK;
}

/* The others before rank 0 writes its part, so that all do it at the same time. */
static tw_status write_all(tw__workers *x, const tw__parts_saving *s, const tw__pieces *pieces,
                           tw__written *files, size_t *requested, tw_error *err)
{
    for (size_t rank = x->n; rank-- > 0;) {
        char *path;
        int has_some = 0;
        for (size_t i = 0; i < pieces->n; i++) has_some |= pieces->piece[i].rank == rank;
        if (!has_some) continue;
        TW_TRY(path_of(x, s, rank, &path, err));
        const tw_status status = rank ? say_request(x, pieces, rank, path, err)
                                      : tw__pieces_save(pieces, rank, path, &files[rank], err);
        tw__free_text(x->ctx, path);
        TW_TRY(status);
        *requested += rank > 0;
    }
    return TW_OK;
}

static tw_status wait_for(tw__workers *x, size_t requested, tw__written *files, tw_error *err)
{
    const tw__processes *c = x->carrier;
    for (; requested > 0; requested--) {
        tw__parcel *p;
        TW_TRY(tw__processes_next(x, 0, "the others to write their parts of a checkpoint", &p, err));
        tw__written *const file = &files[p->from];
        tw__reader_of_bytes r = {p->bytes + sizeof(tw__parcel_head), p->n - sizeof(tw__parcel_head)};
        const int is_expected = tw__processes_head(p).kind == TW__WRITTEN && file->bytes == 0;
        tw_status s = is_expected ? tw__read(&r, file, sizeof *file, err) : TW_OK;
        if (!is_expected || (s == TW_OK && memchr(file->sum, 0, sizeof file->sum) == NULL))
            s = tw__processes_garbled(x, p->from, err);
        tw__parcel_free(c->link, p);
        TW_TRY(s);
    }
    return TW_OK;
}

static tw_status save(tw__workers *x, const tw__parts_saving *s, tw__pieces *pieces, tw__written *files,
                      tw_error *err)
{
    const tw__processes *c = x->carrier;
    tw__small_fields rest = {s->visit, s->object, c->held, c->n_held};
    size_t requested = 0;
    TW_TRY(tw__pieces_cut(pieces, c->held, c->n_held, s->visit, s->object, err));
    TW_TRY(write_all(x, s, pieces, files, &requested, err));
    TW_TRY(wait_for(x, requested, files, err));
    return s->finish(s, files, x->n, &rest, err);
}

tw_status tw__processes_save_parts(tw__workers *x, const tw__parts_saving *s, tw_error *err)
{
    tw__processes *c = x->carrier;
    tw__pieces pieces = {.ctx = x->ctx};
    tw__written *files;
    TW_TRY(tw__processes_collect(x, TW__IN_PARTS, err));
    TW_TRY(tw__alloc(x->ctx, &files, x->n, sizeof *files, err));
    c->saves_parts = 1;
    const tw_status status = save(x, s, &pieces, files, err);
    c->saves_parts = 0;
    tw__pieces_free(&pieces);
    tw__free(x->ctx, files, x->n, sizeof *files);
    return status;
}

/* ---- the others ---------------------------------------------------------------------------------------- */

static tw_status read_text(tw__workers *x, tw__reader_of_bytes *r, uint64_t length, char **out, tw_error *err)
{
    *out = NULL;
    if (length > r->left || memchr(r->at, 0, (size_t)length)) return tw__processes_garbled(x, 0, err);
    TW_TRY(tw__alloc(x->ctx, out, (size_t)length + 1, 1, err));
    return tw__read(r, *out, (size_t)length, err);
}

static tw_status read_piece(tw__workers *x, tw__reader_of_bytes *r, tw__pieces *to, tw_error *err)
{
    const tw__processes *c = x->carrier;
    struct request q;
    tw__piece p;
    TW_TRY(tw__read(r, &q, sizeof q, err));
    if (q.index >= c->n_held || q.type > TW_F64 || q.offset > c->held[q.index].bytes ||
        q.n > (c->held[q.index].bytes - q.offset) / tw_type_size((tw_type)q.type))
        return tw__processes_garbled(x, 0, err);
    p = (tw__piece){.type = (tw_type)q.type,
                    .n = (size_t)q.n,
                    .data = c->held[q.index].at + q.offset,
                    .rank = c->rank};
    TW_TRY(read_text(x, r, q.name, &p.name, err));
    const tw_status s = tw__pieces_add(to, &p, err);
    tw__free_text(x->ctx, p.name);
    return s;
}

tw_status tw__processes_write_part(tw__workers *x, const tw__parcel *p, tw_error *err)
{
    const tw__processes *c = x->carrier;
    tw__reader_of_bytes r = {p->bytes + sizeof(tw__parcel_head), p->n - sizeof(tw__parcel_head)};
    tw__pieces pieces = {.ctx = x->ctx};
    tw__written file;
    uint64_t length;
    char *path;
    TW_TRY(tw__read(&r, &length, sizeof length, err));
    TW_TRY(read_text(x, &r, length, &path, err));
    tw_status s = TW_OK;
    while (s == TW_OK && r.left > 0) s = read_piece(x, &r, &pieces, err);
    if (s == TW_OK) s = tw__pieces_save(&pieces, c->rank, path, &file, err);
    tw__pieces_free(&pieces);
    tw__free_text(x->ctx, path);
    return s == TW_OK ? tw__processes_say(x, 0, TW__WRITTEN, &file, sizeof file, err) : s;
}
