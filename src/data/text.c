/* Text in pieces: read, cut, turned into tables by the context's threads, joined.
 * SPDX-License-Identifier: MIT */
#include "data/text.h"
#include "data/spool.h"
#include "base/decimal.h"
#include "base/pool.h"
#include <stdarg.h>
#include <string.h>

/* Bytes of a piece, a little more where the record does not end there: it and its rows fit the cache. Text
 * that is in memory beside the pieces: what comes after their ends. Pieces of each of several threads that
 * are parsed at a time, and of all. */
enum {
    PIECE = 1 << 17,
    SPARE = PIECE / 4,
    PIECES = 2,
    MOST_PIECES = 64,
    LEAST_TEXT = 4,
    MOST_RECORD = 1 << 30
};

/* A piece, and what has become of it. */
typedef struct result {
    tw__piece piece;
    tw__row_list table;
    size_t row, number; /* of its first row, among those of all pieces */
    int fits;           /* its rows have been copied there */
    tw_status status;
    tw_error why;
} result;

typedef struct reading {
    tw_context *ctx;
    const tw__source *source;
    const tw__text_format *format;
    void *user;
    tw__row_list *to;
    const char *path;
    tw__stream *stream;
    char *text; /* size bytes, of which `held` have been read and `used` been cut into pieces */
    size_t size, held, used;
    int ended;             /* the file has been read */
    int may_narrow;        /* numbers may be kept as floats, where floats hold all of them */
    uint64_t line, offset; /* of text[0] */
    size_t n, most;        /* pieces */
    result results[MOST_PIECES];
} reading;

size_t tw__cut_lines(const void *user, const char *text, size_t n, size_t least)
{
    (void)user;
    const size_t from = least ? least - 1 : 0;
    const char *end = from < n ? memchr(text + from, '\n', n - from) : NULL;
    return end ? (size_t)(end + 1 - text) : 0;
}

/* ---- messages ------------------------------------------------------------------------------------------ */

/* In bytes first, so that the compiler can count many at a time. */
static uint64_t lines_between(const char *from, const char *to)
{
    uint64_t n = 0;
    while (from < to) {
        const size_t left = (size_t)(to - from), part = left < 255 ? left : 255;
        uint8_t few = 0;
        for (size_t i = 0; i < part; i++) few = (uint8_t)(few + (from[i] == '\n'));
        n += few;
        from += part;
    }
    return n;
}

static const char *line_start(const char *from, const char *at)
{
    while (at > from && at[-1] != '\n') at--;
    return at;
}

tw_status tw__piece_fail(tw_error *err, const tw__piece *p, const char *at, const char *format, ...)
{
    if (!err) return TW_ERR_DATA;
    char text[sizeof err->message];
    const uint64_t line = p->line + lines_between(p->text, at);
    const long long column = at - line_start(p->text, at) + 1;
    va_list args;
    va_start(args, format);
    tw__vformat(text, sizeof text, format, args);
    va_end(args);
    tw__fail_in(err, TW_ERR_DATA, p->path, (int64_t)line, 0, "byte %lld: %s", column, text);
    err->column = column;
    err->offset = (int64_t)(p->offset + (uint64_t)(at - p->text));
    return TW_ERR_DATA;
}

/* ---- one piece ----------------------------------------------------------------------------------------- */

/* Leaves a bad record out, if that is still allowed. */
static tw_status leave_out(const reading *r, result *to, size_t rows, size_t numbers)
{
    tw__row_list *t = &to->table;
    if (t->bad >= r->source->options->skip_bad) return TW_ERR_DATA;
    tw__row_list_cut(t, rows, numbers);
    if (t->bad < TW__BAD_SHOWN) {
        memcpy(t->said[t->bad], to->why.message, sizeof t->said[0] - 1);
        t->said[t->bad][sizeof t->said[0] - 1] = 0;
    }
    t->bad++;
    return TW_OK;
}

static void parse_task(void *reading_, size_t i, int worker)
{
    (void)worker;
    const reading *r = reading_;
    result *to = &((reading *)reading_)->results[i];
    const tw__piece *p = &to->piece;
    tw__row_list *t = &to->table;
    const char *at = p->text, *next;
    to->status = TW_OK;
    while (at < p->end && to->status == TW_OK) {
        const size_t rows = t->rows, numbers = t->numbers;
        const int is_told = t->bad < TW__BAD_SHOWN || t->bad >= r->source->options->skip_bad;
        to->status = r->format->record(r->user, p, at, &next, t, is_told ? &to->why : NULL);
        if (to->status == TW_ERR_DATA) {
            const size_t left = (size_t)(p->end - at), n = r->format->cut(r->user, at, left, 1);
            to->status = leave_out(r, to, rows, numbers);
            next = n ? at + n : p->end;
        }
        at = next;
    }
}

static void copy_task(void *reading_, size_t i, int worker)
{
    (void)worker;
    const reading *r = reading_;
    result *from = &((reading *)reading_)->results[i];
    from->fits = tw__row_list_copy(r->to, from->row, from->number, &from->table);
}

/* ---- one file ------------------------------------------------------------------------------------------ */

/* Fills the memory, which has room for a 0 and for the end of a last line without one. */
static tw_status fill(reading *r, tw_error *err)
{
    size_t got;
    const size_t rest = r->held - r->used;
    if (r->used == 0 && r->held + 2 >= r->size) { /* a record longer than all of it */
        if (r->size > MOST_RECORD)
            return tw__fail_in(err, TW_ERR_DATA, r->path, (int64_t)r->line, 0,
                               "a row of more than %d bytes; is this text?", MOST_RECORD);
        TW_TRY(tw__resize(r->ctx, &r->text, &r->size, 2 * r->size, 1, err));
    }
    memmove(r->text, r->text + r->used, rest);
    r->offset += r->used;
    r->held = rest;
    r->used = 0;
    TW_TRY(tw__stream_read(r->stream, r->text + r->held, r->size - 2 - r->held, &got, err));
    r->ended = got < r->size - 2 - r->held;
    r->held += got;
    if (r->ended && r->held && r->text[r->held - 1] != '\n') r->text[r->held++] = '\n';
    r->text[r->held] = 0;
    return TW_OK;
}

/* The table of a piece: without rows, with the lists of the whole, and with the memory of the piece before
 * it. */
static tw_status begin_table(const reading *r, tw__row_list *t, tw_error *err)
{
    if (t->ctx) {
        tw__row_list_clear(t);
        return TW_OK;
    }
    *t = (tw__row_list){.ctx = r->ctx,
                        .width = r->to->width,
                        .has_groups = r->to->has_groups,
                        .has_weights = r->to->has_weights,
                        .n_targets = r->to->n_targets};
    return r->to->texts ? tw__alloc(r->ctx, &t->texts, t->width, sizeof *t->texts, err) : TW_OK;
}

/* Cuts what is held into pieces. At the file's end the rest is one, whatever its format says. */
static tw_status cut(reading *r, tw_error *err)
{
    for (r->n = 0; r->n < r->most && r->used < r->held; r->n++) {
        const char *const at = r->text + r->used;
        const size_t left = r->held - r->used;
        size_t least = left < PIECE ? left : PIECE, n = r->format->cut(r->user, at, left, least);
        if (n == 0 && r->ended) n = left;
        while (n == 0 && r->n == 0 && (least /= 2) > 0) /* a long record comes after others */
            n = r->format->cut(r->user, at, left, least);
        if (n == 0) break;
        r->results[r->n].piece = (tw__piece){.path = r->path,
                                             .text = at,
                                             .end = at + n,
                                             .line = r->line,
                                             .offset = r->offset + r->used};
        r->line += lines_between(at, at + n);
        r->used += n;
        r->results[r->n].status = TW_OK;
        TW_TRY(begin_table(r, &r->results[r->n].table, err));
    }
    return TW_OK;
}

/* Counts bad records, up to the first error in the order of the pieces. */
static tw_status check(reading *r, tw_error *err)
{
    tw__row_list *to = r->to;
    const uint64_t most = r->source->options->skip_bad;
    for (size_t i = 0; i < r->n; i++) {
        result *from = &r->results[i];
        for (uint64_t k = 0; k < from->table.bad && k < TW__BAD_SHOWN && to->bad + k < TW__BAD_SHOWN; k++)
            memcpy(to->said[to->bad + k], from->table.said[k], sizeof to->said[0]);
        to->bad += from->table.bad;
        if (to->bad > most || (from->status == TW_ERR_DATA && most))
            return tw__fail_in(err, TW_ERR_DATA, r->path, 0, -1,
                               "more than %llu bad rows, of which the first: %s", (unsigned long long)most,
                               to->bad ? to->said[0] : from->why.message);
        if (from->status != TW_OK) {
            if (err) *err = from->why;
            return from->status;
        }
    }
    return TW_OK;
}

/* Rows that are only written somewhere go to files when there are too many of them. */
static int is_spooled(const reading *r) { return r->source->save && r->to->may_spool; }

static tw_status spool(reading *r, tw_error *err)
{
    const uint64_t window = r->source->options->window;
    tw__row_list *to = r->to;
    if (to->numbers * sizeof *to->x + to->rows * (1 + to->n_targets) * sizeof *to->starts <
        (window ? window : TW_STREAM_WINDOW))
        return TW_OK;
    if (!to->spool) TW_TRY(tw__spool_create(&to->spool, r->ctx, r->source->save->path, err));
    return tw__spool_take(to->spool, to, err);
}

/* Adds the pieces in their order. */
static tw_status join(reading *r, tw_error *err)
{
    tw__row_list *to = r->to;
    size_t rows = to->rows, numbers = to->numbers;
    int fits = 1;
    for (size_t i = 0; i < r->n; i++) {
        result *from = &r->results[i];
        from->row = rows;
        from->number = numbers;
        rows += from->table.rows;
        numbers += from->table.numbers;
        TW_TRY(tw__row_list_share_words(to, &from->table, err));
    }
    if (!to->numbers) to->is_narrow = r->may_narrow;
    TW_TRY(tw__row_list_reserve(to, rows - to->rows, numbers - to->numbers, err));
    tw__pool_run(r->ctx, r->n, copy_task, r);
    for (size_t i = 0; i < r->n; i++) fits &= r->results[i].fits;
    if (!fits) { /* once */
        TW_TRY(tw__row_list_widen(to, err));
        tw__pool_run(r->ctx, r->n, copy_task, r);
    }
    tw__row_list_cut(to, rows, numbers);
    return is_spooled(r) ? spool(r, err) : TW_OK;
}

/* Reads as many pieces as there are tables, from the text that is held. */
static tw_status read_pieces(reading *r, tw_error *err)
{
    TW_TRY(cut(r, err));
    tw__pool_run(r->ctx, r->n, parse_task, r);
    TW_TRY(check(r, err));
    return join(r, err);
}

static tw_status begin_file(reading *r, tw_error *err)
{
    size_t used = 0;
    r->held = r->used = 0;
    r->line = 1;
    r->offset = 0;
    TW_TRY(fill(r, err));
    if (r->format->begin)
        TW_TRY(r->format->begin(r->user, r->path, r->text, r->held < TW__TEXT_HEAD ? r->held : TW__TEXT_HEAD,
                                r->ended && r->held <= TW__TEXT_HEAD, &used, err));
    r->line += lines_between(r->text, r->text + used);
    r->offset += used;
    r->held -= used;
    memmove(r->text, r->text + used, r->held + 1);
    r->may_narrow = r->source->options->type != TW_F64 && !r->to->texts && !is_spooled(r);
    return TW_OK;
}

static tw_status read_file(reading *r, size_t i, tw_error *err)
{
    r->path = r->source->paths[i];
    TW_TRY(tw__source_open(r->source, i, &r->stream, err));
    tw_status s = begin_file(r, err);
    while (s == TW_OK) {
        do s = read_pieces(r, err);
        while (s == TW_OK && r->n && (r->ended ? r->used < r->held : r->held - r->used > PIECE));
        if (s != TW_OK || r->ended) break;
        s = fill(r, err);
    }
    tw__source_close(r->source, r->stream);
    return s;
}

tw_status tw__text_read(tw__row_list *to, const tw__source *source, const tw__text_format *format, void *user,
                        tw_error *err)
{
    reading *r;
    tw_context *ctx = source->ctx;
    TW_TRY(tw__alloc(ctx, &r, 1, sizeof *r, err));
    *r = (reading){.ctx = ctx, .source = source, .format = format, .user = user, .to = to};
    const size_t threads = (size_t)tw_context_threads(ctx), pieces = threads > 1 ? PIECES * threads : 1;
    r->most = pieces < MOST_PIECES ? pieces : MOST_PIECES;
    const size_t text = PIECE * (r->most > LEAST_TEXT ? r->most : LEAST_TEXT) + SPARE;
    tw_status s = tw__resize(ctx, &r->text, &r->size, text, 1, err);
    for (size_t i = 0; s == TW_OK && i < source->n; i++) s = read_file(r, i, err);
    if (s == TW_OK && to->spool) s = tw__spool_end(to->spool, to, err);
    for (size_t i = 0; i < r->most; i++)
        if (r->results[i].table.ctx) tw__row_list_free(&r->results[i].table);
    tw__free(ctx, r->text, r->size, 1);
    tw__free(ctx, r, 1, sizeof *r);
    if (s != TW_OK) return s;
    for (uint64_t i = 0; i < to->bad && i < TW__BAD_SHOWN; i++)
        tw__log(ctx, TW_LOG_WARNING, "left out: %s", to->said[i]);
    if (to->bad)
        tw__log(ctx, TW_LOG_WARNING, "%llu bad row%s left out", (unsigned long long)to->bad,
                to->bad == 1 ? "" : "s");
    return TW_OK;
}
