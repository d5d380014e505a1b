/* Reading a trace.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "base/io.h"
#include "base/spec.h"
#include "exchange/trace.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 160, FIELDS = 6 };
static const size_t most_bytes = (size_t)1 << 32;

/* The file, and where in it the next line begins. */
struct reading {
    tw_context *ctx;
    const char *path;
    tw__text left;
    int64_t line; /* the last one that was taken */
    size_t workers;
};

__attribute__((format(printf, 3, 4))) static tw_status wrong(const struct reading *r, tw_error *err,
                                                             const char *format, ...);
static tw_status wrong(const struct reading *r, tw_error *err, const char *format, ...)
{
    char text[sizeof err->message];
    va_list args;
    va_start(args, format);
    tw__vformat(text, sizeof text, format, args);
    va_end(args);
    return tw__fail_in(err, TW_ERR_DATA, r->path, r->line, 0, "%s", text);
}

/* 0: there is no further one. A line may end with CR and LF. */
static int take_line(struct reading *r, tw__text *line)
{
    if (r->left.n == 0) return 0;
    const char *const end = memchr(r->left.at, '\n', r->left.n);
    *line = (tw__text){r->left.at, end ? (size_t)(end - r->left.at) : r->left.n};
    const size_t taken = line->n + (end != NULL);
    r->left = (tw__text){r->left.at + taken, r->left.n - taken};
    r->line++;
    if (line->n > 0 && line->at[line->n - 1] == '\r') line->n--;
    return 1;
}

/* ---- the head ------------------------------------------------------------------------------------------ */

static tw_status expect(struct reading *r, const char *before, tw__text wanted, tw_error *err)
{
    const size_t skip = strlen(before);
    tw__text line = {"", 0};
    const int has_line = take_line(r, &line);
    if (has_line && line.n == skip + wanted.n && memcmp(line.at, before, skip) == 0 &&
        memcmp(line.at + skip, wanted.at, wanted.n) == 0)
        return TW_OK;
    return wrong(r, err, "\"%.*s\", not \"%s%.*s\": the trace is of another run", TW__SHOW(line), before,
                 TW__SHOW(wanted));
}

static tw_status read_head(struct reading *r, const char *head, tw_error *err)
{
    tw__text line = {"", 0};
    if (!take_line(r, &line) || !tw__text_is(line, TW__TRACE_MAGIC)) {
        r->line = 1;
        return wrong(r, err, "\"%.*s\": not a trace, which begins with \"" TW__TRACE_MAGIC "\"",
                     TW__SHOW(line));
    }
    for (const char *end; *head; head = end + 1) {
        end = strchr(head, '\n');
        TW_TRY(expect(r, "# ", (tw__text){head, (size_t)(end - head)}, err));
    }
    return expect(r, "", tw__text_of(TW__TRACE_COLUMNS), err);
}

/* ---- events -------------------------------------------------------------------------------------------- */

static int read_natural(tw__text t, uint64_t *to)
{
    *to = 0;
    for (size_t i = 0; i < t.n; i++) {
        const unsigned digit = (unsigned char)t.at[i] - (unsigned)'0';
        if (digit > 9 || *to > (UINT64_MAX - digit) / 10) return 0;
        *to = *to * 10 + digit;
    }
    return t.n > 0;
}

/* A worker, or a server. */
static int read_node(const struct reading *r, tw__text t, uint32_t *to)
{
    const int is_server = t.n > 0 && t.at[0] == 's';
    uint64_t number;
    if (is_server) t = (tw__text){t.at + 1, t.n - 1};
    if (!read_natural(t, &number)) return 0;
    const uint64_t from = is_server ? r->workers : 0;
    if (number > UINT32_MAX - from || (!is_server && number >= r->workers)) return 0;
    *to = (uint32_t)(number + from);
    return 1;
}

static int read_kind(tw__text word, enum tw__trace_kind *to)
{
    for (int i = 0; i < TW__TRACE_KINDS; i++)
        if (tw__text_is(word, tw__trace_word((enum tw__trace_kind)i))) {
            *to = (enum tw__trace_kind)i;
            return 1;
        }
    return 0;
}

/* Of the last fields each kind has some, and the others are empty. */
static int read_rest(const struct reading *r, tw__text who, tw__text from, tw__text staleness,
                     tw__trace_event *e)
{
    const int has_who = e->kind != TW__TRACE_LIMIT, has_from = e->kind == TW__TRACE_RECEIVE,
              has_staleness = e->kind == TW__TRACE_STEP;
    *e = (tw__trace_event){.seconds = e->seconds, .kind = e->kind, .update = e->update};
    return (has_who ? read_node(r, who, &e->who) : who.n == 0) &&
           (has_from ? read_node(r, from, &e->from) : from.n == 0 && e->who < r->workers) &&
           (has_staleness ? read_natural(staleness, &e->staleness) : staleness.n == 0);
}

static int read_event(const struct reading *r, tw__text line, tw__trace_event *e)
{
    char number[LINE];
    tw__text field[FIELDS];
    int n = 0;
    for (; line.at && n < FIELDS; n++) field[n] = tw__text_cut(&line, ',');
    if (n < FIELDS || line.at || field[0].n == 0 || field[0].n >= sizeof number) return 0;
    memcpy(number, field[0].at, field[0].n);
    number[field[0].n] = 0;
    e->seconds = tw__decimal_read(number);
    return e->seconds >= 0 && isfinite(e->seconds) && read_kind(field[1], &e->kind) &&
           read_natural(field[4], &e->update) && read_rest(r, field[2], field[3], field[5], e);
}

static tw_status read_end(struct reading *r, tw__traced *out, tw__text line, tw_error *err)
{
    const size_t skip = strlen(TW__TRACE_WEIGHTS);
    if (line.n != skip + TW__HASH_DIGITS || memcmp(line.at, TW__TRACE_WEIGHTS, skip) != 0)
        return wrong(r, err, "\"%.*s\" is no event and not the hash of the weights", TW__SHOW(line));
    memcpy(out->weights, line.at + skip, TW__HASH_DIGITS);
    return take_line(r, &line) ? wrong(r, err, "lines follow the hash of the weights") : TW_OK;
}

static tw_status read_events(struct reading *r, tw__traced *out, tw_error *err)
{
    tw__text line;
    out->first_line = (size_t)r->line + 1;
    while (take_line(r, &line)) {
        if (line.n > 0 && line.at[0] == '#') return read_end(r, out, line, err);
        TW_TRY(tw__grow(r->ctx, &out->event, &out->capacity, out->n + 1, sizeof *out->event, err));
        if (!read_event(r, line, &out->event[out->n]))
            return wrong(r, err, "\"%.*s\" is no event of a trace of %zu workers: " TW__TRACE_COLUMNS,
                         TW__SHOW(line), r->workers);
        out->n++;
    }
    return TW_OK;
}

tw_status tw__traced_read(tw__traced *out, tw_context *ctx, const char *path, const char *head,
                          size_t workers, tw_error *err)
{
    uint8_t *bytes;
    size_t n;
    int found;
    *out = (tw__traced){.n = 0};
    TW_TRY(tw__find_file(ctx, path, &found, err));
    TW_TRY(tw__read_file(ctx, path, most_bytes, &bytes, &n, err));
    struct reading r = {.ctx = ctx, .path = path, .left = {(const char *)bytes, n}, .workers = workers};
    tw_status s = read_head(&r, head, err);
    if (s == TW_OK) s = read_events(&r, out, err);
    tw__free(ctx, bytes, n, 1);
    if (s != TW_OK) tw__traced_free(out, ctx);
    return s;
}

void tw__traced_free(tw__traced *t, tw_context *ctx)
{
    tw__free(ctx, t->event, t->capacity, sizeof *t->event);
    *t = (tw__traced){.n = 0};
}
