/* Fields of a table in text, one at a time, and where its records end; see csv.h.
 * SPDX-License-Identifier: MIT */
#include "data/csv.h"
#include "base/options.h"
#include "data/number.h"
#include <string.h>
#include <strings.h>
#include <thalweg/train.h>

/* The quote that ends what begins at `at`, behind the first one; NULL: there is none. */
static const char *closing(const char *at, const char *end, int *has_doubled)
{
    for (;;) {
        const char *const quote = at < end ? memchr(at, '"', (size_t)(end - at)) : NULL;
        if (!quote || quote + 1 == end || quote[1] != '"') return quote;
        *has_doubled = 1;
        at = quote + 2;
    }
}

/* Moves *at from behind a field past its separator, or to the line's end. */
static const char *end_field(tw__csv_field *f, const char **at, const char *p, const char *end,
                             char separator)
{
    const char *const next = tw__csv_skip(p, end, separator);
    *at = next;
    f->is_last = tw__csv_is_end(next, end);
    if (f->is_last || (separator == ' ' && next > p)) return NULL;
    if (*next != separator) return "something follows a closing quote; a quote within quotes is doubled";
    *at = next + 1;
    return NULL;
}

const char *tw__csv_take(tw__csv_field *f, const char **at, const char *end, char separator)
{
    const char *p = tw__csv_skip(*at, end, separator), *last;
    *f = (tw__csv_field){.at = p};
    if (p < end && *p == '"') {
        const char *const quote = closing(p + 1, end, &f->has_doubled);
        *at = p;
        if (!quote) return "a quote that is never closed";
        f->at = p + 1;
        f->n = (size_t)(quote - f->at);
        return end_field(f, at, quote + 1, end, separator);
    }
    for (last = p; !tw__csv_is_end(p, end) && *p != separator; p++) {
        if (separator == ' ' && *p == '\t') break;
        if (*p == '"' || *p == '\r') {
            *at = p;
            return *p == '"' ? "a quote within a field that does not begin with one"
                             : "a carriage return within a line, which ends with \\n or \\r\\n";
        }
        if (!tw__csv_is_blank(*p, separator)) last = p + 1;
    }
    f->n = (size_t)(last - f->at);
    return end_field(f, at, p, end, separator);
}

/* The first quote from `at` on that begins a field; text: where the record begins. */
static const char *opening(const char *text, const char *at, const char *end, char separator)
{
    for (const char *p = at; p < end; p++) {
        p = memchr(p, '"', (size_t)(end - p));
        if (!p) break;
        const char *before = p;
        while (before > at && tw__csv_is_blank(before[-1], separator)) before--;
        if (before == text || (before > at && (before[-1] == '\n' || before[-1] == separator)) ||
            (separator == ' ' && before < p))
            return p;
    }
    return NULL;
}

size_t tw__csv_cut(const void *user, const char *text, size_t n, size_t least)
{
    const char separator = ((const tw__csv *)user)->separator;
    const char *const end = text + n, *at = text, *quote;
    int has_doubled;
    for (;;) {
        const char *const from = least && text + least - 1 > at ? text + least - 1 : at;
        const char *const line = from < end ? memchr(from, '\n', (size_t)(end - from)) : NULL;
        quote = opening(text, at, line ? line : end, separator);
        if (!quote) return line ? (size_t)(line + 1 - text) : 0;
        quote = closing(quote + 1, end, &has_doubled);
        if (!quote) return 0;
        at = quote + 1;
    }
}

int tw__csv_is_missing(const tw__csv_field *f)
{
    static const char *const words[] = {"", "?", "NA", "N/A", "#N/A", "nan", "null"};
    if (f->n > 4) return 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == f->n && strncasecmp(words[i], f->at, f->n) == 0) return 1;
    return 0;
}

int tw__csv_is_number(const tw__csv_field *f, const char *end, double *x)
{
    const char *const behind = f->at + f->n;
    if (f->n == 0) return 0;
    if (behind == end) return tw__number_read((tw__text){f->at, f->n}, x) != 0;
    return tw__number_take(f->at, end, x) == behind;
}

const char *tw__csv_text(const tw__csv_field *f, char to[TW__CSV_TEXT + 1], size_t *n)
{
    size_t used = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (used == TW__CSV_TEXT) return "a text of more than 1000 bytes";
        if (!f->at[i]) return "a 0 byte in a text";
        to[used++] = f->at[i];
        if (f->has_doubled && f->at[i] == '"') i++;
    }
    to[used] = 0;
    *n = used;
    return NULL;
}

const char *tw__csv_show(const tw__csv_field *f, char to[TW__CSV_SHOWN])
{
    char text[TW__CSV_SHOWN];
    const size_t n = f->n < sizeof text ? f->n : sizeof text - 1;
    memcpy(text, f->at, n);
    text[n] = 0;
    return tw_printable(text, to, TW__CSV_SHOWN);
}
