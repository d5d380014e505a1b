/* Reading measured delays; see delays.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/delays.h"
#include "base/io.h"
#include "base/names.h"
#include "data/number.h"
#include <string.h>

enum { LARGEST = 1 << 28, MOST_COLUMNS = 1 << 20 };

/* A line is read, field by field, up to its end. */
struct line {
    const char *path, *at, *end;
    int64_t number;
};

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static tw__text take_field(struct line *l)
{
    const char *from = l->at, *until;
    while (*l->at != ',' && *l->at != '\n') l->at++;
    until = l->at;
    while (from < until && is_space(*from)) from++;
    while (until > from && is_space(until[-1])) until--;
    return (tw__text){from, (size_t)(until - from)};
}

static int read_number(tw__text field, const char *end, double *x)
{
    return field.n > 0 && tw__number_take(field.at, end, x) == field.at + field.n;
}

static tw_status wrong(const struct line *l, tw__text field, const char *why, tw_error *err)
{
    return tw__fail_in(err, TW_ERR_DATA, l->path, l->number, -1, "delay \"%.*s\" %s", TW__SHOW(field), why);
}

static tw_status put_field(tw__delays *d, const struct line *l, tw__text field, tw_context *ctx, size_t at,
                           tw_error *err)
{
    double x;
    if (!read_number(field, l->end, &x)) return wrong(l, field, "is no number", err);
    if (x < 0) return wrong(l, field, "is negative", err);
    if (x != __builtin_floor(x)) return wrong(l, field, "is not a whole number of updates", err);
    if (x > (double)d->rows)
        return tw__fail_in(err, TW_ERR_DATA, l->path, l->number, -1,
                           "delay \"%.*s\" is larger than %zu, the number of updates before this one",
                           TW__SHOW(field), d->rows);
    TW_TRY(tw__grow(ctx, &d->value, &d->capacity, at + 1, sizeof *d->value, err));
    d->value[at] = (uint32_t)x;
    if (d->value[at] > d->most) d->most = d->value[at];
    return TW_OK;
}

static tw_status put_row(tw__delays *d, struct line *l, tw_context *ctx, tw_error *err)
{
    size_t n = 0;
    for (;; l->at++, n++) {
        const tw__text field = take_field(l);
        if (n == MOST_COLUMNS)
            return tw__fail_in(err, TW_ERR_DATA, l->path, l->number, -1, "more than %d columns",
                               MOST_COLUMNS);
        if (d->rows == 0 || n < d->columns)
            TW_TRY(put_field(d, l, field, ctx, d->rows * d->columns + n, err));
        if (*l->at == '\n') break;
    }
    if (d->rows == 0) d->columns = n + 1;
    if (n + 1 != d->columns)
        return tw__fail_in(err, TW_ERR_DATA, l->path, l->number, -1, "%zu columns, and the first row has %zu",
                           n + 1, d->columns);
    d->rows++;
    return TW_OK;
}

/* A first line that does not begin with a number has the names of columns. */
static int is_header(const struct line *l)
{
    struct line copy = *l;
    double x;
    const tw__text field = take_field(&copy);
    return l->number == 1 && field.n > 0 && !read_number(field, l->end, &x);
}

static int is_empty(const struct line *l)
{
    const char *p = l->at;
    while (is_space(*p)) p++;
    return *p == '\n';
}

/* The text ends with a line's end. */
static tw_status read_lines(tw__delays *d, tw_context *ctx, const char *path, const char *text, size_t n,
                            tw_error *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8 */
    const size_t skip = n > strlen(mark) && memcmp(text, mark, strlen(mark)) == 0 ? strlen(mark) : 0;
    struct line l = {.path = path, .at = text + skip, .end = text + n};
    for (; l.at < l.end; l.at++) {
        l.number++;
        if (is_header(&l) || is_empty(&l)) l.at = memchr(l.at, '\n', (size_t)(l.end - l.at));
        else TW_TRY(put_row(d, &l, ctx, err));
    }
    return d->rows > 0 ? TW_OK : tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "no delays in this file");
}

tw_status tw__delays_read(tw__delays *d, tw_context *ctx, const char *path, tw_error *err)
{
    uint8_t *bytes;
    size_t n;
    char *text;
    TW_TRY(tw__read_file(ctx, path, LARGEST, &bytes, &n, err));
    tw_status s = tw__alloc(ctx, &text, n + 1, 1, err);
    if (s == TW_OK) {
        memcpy(text, bytes, n);
        text[n] = '\n';
        s = read_lines(d, ctx, path, text, n + 1, err);
        tw__free(ctx, text, n + 1, 1);
    }
    tw__free(ctx, bytes, n, 1);
    return s;
}

tw_status tw__delays_of_turns(tw__delays *d, tw_context *ctx, size_t workers, tw_error *err)
{
    TW_TRY(tw__grow(ctx, &d->value, &d->capacity, workers, sizeof *d->value, err));
    for (size_t i = 0; i < workers; i++) d->value[i] = (uint32_t)i;
    d->rows = workers;
    d->columns = 1;
    d->most = (uint32_t)workers - 1;
    d->last_stays = 1;
    return TW_OK;
}

void tw__delays_free(tw__delays *d, tw_context *ctx)
{
    tw__free(ctx, d->value, d->capacity, sizeof *d->value);
}

uint32_t tw__delay(const tw__delays *d, uint64_t update, size_t column)
{
    const uint64_t last = d->rows - 1, row = d->last_stays && update > last ? last : update % d->rows;
    return d->value[row * d->columns + (d->columns > 1 ? column : 0)];
}
