/* The beginning of a table in text: its separator, its header, and what its columns hold.
 * SPDX-License-Identifier: MIT */
#include "data/csv.h"
#include "base/options.h"
#include "data/kind.h"
#include "data/number.h"
#include "file/utf8.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <thalweg/train.h>

enum {
    LINES = 16, /* that tell the separator */
    MANY = 1000 /* fields of a first row that is longer than what can be looked at: no other text has them */
};

/* ---- separator ----------------------------------------------------------------------------------------- */

/* What one record holds. */
typedef struct counts {
    size_t fields, numbers;
} counts;

/* Passes over empty lines, and over comments before the first row. */
static const char *skip_empty(const char *at, const char *end)
{
    while (at < end && (*at == '#' || tw__csv_is_end(at, end))) {
        while (!tw__csv_is_end(at, end)) at++;
        at = tw__csv_next_line(at, end);
    }
    return at;
}

/* Counts the fields of the record at *at, which is moved behind it; none where quotes are wrong. */
static counts count(const char **at, const char *end, char separator)
{
    counts c = {0, 0};
    tw__csv_field f;
    double x;
    const char *p = *at;
    do {
        if (tw__csv_take(&f, &p, end, separator)) {
            const char *const line = memchr(*at, '\n', (size_t)(end - *at));
            *at = line ? line + 1 : end;
            return (counts){0, 0};
        }
        c.fields++;
        c.numbers += tw__csv_is_number(&f, end, &x) == 1;
    } while (!f.is_last);
    *at = tw__csv_next_line(p, end);
    return c;
}

/* Counts the first two records. 1: the first lines all have as many fields. */
static int count_lines(const char *text, const char *end, char separator, counts two[2])
{
    int lines = 0, equal = 1;
    two[0] = two[1] = (counts){0, 0};
    for (text = skip_empty(text, end); text < end && lines < LINES; text = skip_empty(text, end), lines++) {
        const counts c = count(&text, end, separator);
        if (lines < 2) two[lines] = c;
        if (c.fields == 0 && text == end) break; /* quotes that are cut off */
        equal &= c.fields == two[0].fields;
    }
    return equal && two[0].fields > 1;
}

/* Where to end with a first row that is cut off: not within quotes. */
static const char *end_of_cut(const char *text, const char *end)
{
    const char *last = end;
    int is_open = 0;
    for (const char *p = text; p < end; p++)
        if (*p == '"') is_open = !is_open, last = p;
    return is_open ? last : end;
}

int tw__csv_layout(const char *text, size_t n, int whole, char *separator, size_t *columns)
{
    static const char separators[] = "\t;, "; /* those first that texts hold least */
    const char *end = text + n;
    counts two[2], best = {1, 0};
    *separator = ',';
    *columns = 1;
    while (!whole && end > text && end[-1] != '\n') end--;
    const int is_cut = !whole && end == text;
    if (end == text) end = is_cut ? end_of_cut(text, text + n) : text + n;
    for (const char *s = separators; *s; s++) {
        const int equal = count_lines(text, end, *s, two);
        const counts *row = two[1].fields > 1 ? &two[1] : &two[0];
        if (!equal) {
            if (two[0].fields <= best.fields) continue;
            if (*s == ' ' && (best.fields > 1 || two[1].fields == 1 || 2 * row->numbers < row->fields))
                continue;
            *separator = *s;
            *columns = two[0].fields;
            best = two[0];
            continue;
        }
        *separator = *s;
        *columns = two[0].fields;
        return *s == ' ' ? 2 * row->numbers >= row->fields
                         : two[1].fields || two[0].numbers || (is_cut && two[0].fields > MANY);
    }
    count_lines(text, end, *separator, two);
    if (*columns > 1) return two[0].numbers || two[1].numbers;
    return two[0].fields == 1 && (two[1].fields ? two[1].numbers == 1 : two[0].numbers == 1);
}

/* ---- header -------------------------------------------------------------------------------------------- */

/* Bytes of the character of a list that a text begins with; 0: of none. */
static size_t length_of(const char *const *list, const char *at, const char *end)
{
    for (; *list; list++) {
        const size_t n = strlen(*list);
        if ((size_t)(end - at) >= n && memcmp(at, *list, n) == 0) return n;
    }
    return 0;
}

static int are_three_digits(const char *at, const char *end)
{
    return end - at >= 3 && tw__is_digit(at[0]) && tw__is_digit(at[1]) && tw__is_digit(at[2]) &&
           (end - at == 3 || !tw__is_digit(at[3]));
}

/* 1: a number as spreadsheets and other countries write it: "1,5", "1'234", "1 234,50", "10 %", or with a
 * minus that is no hyphen. */
static int is_number_elsewhere(const tw__csv_field *f)
{
    static const char *const around[] = {" ", "\u00a0", "\u202f", "%", "$", "\u20ac", "\u00a3", NULL},
                             *const groups[] = {",", ".", "'", "\u2019", " ", "\u00a0", "\u202f", NULL},
                             *const minus[] = {"\u2212", NULL};
    char text[48];
    size_t used = 0, n;
    double x;
    const char *const end = f->at + f->n, *first = f->at, *last = end;
    while (first < end && !tw__is_digit(*first)) first++;
    while (last > first && !tw__is_digit(last[-1])) last--;
    for (const char *p = f->at; p < end; p += n) {
        if ((p < first || p >= last) && (n = length_of(around, p, end))) continue;
        if (p > first && (n = length_of(groups, p, last)) && are_three_digits(p + n, last)) continue;
        if (used == sizeof text) return 0;
        n = length_of(minus, p, first);
        text[used++] = n ? '-' : *p == ',' ? '.' : *p;
        if (!n) n = 1;
    }
    return tw__number_read((tw__text){text, used}, &x) != 0;
}

static enum tw__csv_kind kind_of(const tw__csv_field *f, const char *end)
{
    static const char infinity[] = "infinity";
    double x;
    if (tw__csv_is_missing(f)) return TW__CSV_MISSING;
    const size_t sign = *f->at == '-' || *f->at == '+', n = f->n - sign;
    if (tw__csv_is_number(f, end, &x) || ((n == 3 || n == 8) && !strncasecmp(f->at + sign, infinity, n)) ||
        is_number_elsewhere(f))
        return TW__CSV_NUMBER;
    return TW__CSV_OTHER;
}

static tw_status fail(const tw__csv *c, uint64_t line, const char *what, tw_error *err)
{
    return tw__fail_in(err, TW_ERR_DATA, c->path, (int64_t)line, 0, "%s", what);
}

static uint64_t line_of(const char *text, const char *at)
{
    uint64_t n = 1;
    for (; text < at; text++) n += *text == '\n';
    return n;
}

/* Names of the columns, from the record at *at, which is moved behind it. A column without one is called by
 * its number. */
static tw_status take_names(tw__csv *c, const char *text, const char **at, const char *end, tw_error *err)
{
    tw_context *ctx = c->source->ctx;
    const uint64_t line = line_of(text, *at);
    char name[TW__CSV_TEXT + 1], shown[TW__CSV_SHOWN];
    tw__csv_field f;
    size_t n;
    uint32_t number;
    for (uint32_t i = 0; i < c->n; i++) {
        const char *wrong = tw__csv_take(&f, at, end, c->separator);
        if (!wrong) wrong = tw__csv_text(&f, name, &n);
        if (!wrong && !tw__utf8_is_valid(name)) wrong = "the name of a column is not UTF-8";
        if (wrong) return fail(c, line, wrong, err);
        if (n == 0) n = (size_t)snprintf(name, sizeof name, "%lu", (unsigned long)i + 1);
        TW_TRY(tw__words_add(&c->names, ctx, name, n, &number, err));
        if (number < i)
            return tw__fail_in(err, TW_ERR_DATA, c->path, (int64_t)line, 0,
                               "columns %lu and %lu are both called \"%s\"", (unsigned long)number + 1,
                               (unsigned long)i + 1, tw_printable(name, shown, sizeof shown));
    }
    *at = tw__csv_next_line(*at, end);
    return TW_OK;
}

/* Records what the columns hold, in whole records only; those of another length are told of later. */
static void look_at_rows(tw__csv *c, const char *at, const char *end)
{
    tw__csv_field f;
    while (at < end) {
        const size_t n = tw__csv_cut(c, at, (size_t)(end - at), 1);
        const char *p = at, *const next = n ? at + n : end;
        if (!tw__csv_is_end(tw__csv_skip(at, end, ' '), end))
            for (size_t i = 0; i < c->n; i++) {
                if (tw__csv_take(&f, &p, next, c->separator)) break;
                c->columns[i].n[kind_of(&f, next)]++;
                if (f.is_last) break;
            }
        at = next;
    }
}

/* A field of the first row is a name that is looked for. */
static int holds_name(const tw__csv_field *f, const char *name)
{
    return name && strlen(name) == f->n && memcmp(name, f->at, f->n) == 0;
}

/* A header is known by a text where there are numbers below it, or by the names that options and the schema
 * give. */
static int is_header(const tw__csv *c, const char *at, const char *end)
{
    const tw_data_options *o = c->source->options;
    const tw__schema *s = c->is_made ? c->schema : NULL;
    const char *const wanted[] = {o->row_weight, o->group_by};
    tw__csv_field f;
    double x;
    size_t known = 0;
    for (size_t i = 0; i < c->n && !tw__csv_take(&f, &at, end, c->separator); i++) {
        const tw__csv_column *column = &c->columns[i];
        if (column->first == TW__CSV_OTHER && column->n[TW__CSV_NUMBER] > column->n[TW__CSV_OTHER]) return 1;
        if (tw__csv_is_number(&f, end, &x)) continue;
        if (tw__csv_is_label(c, (tw__text){f.at, f.n})) return 1;
        for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++)
            if (holds_name(&f, wanted[k])) return 1;
        for (size_t k = 0; s && k < s->n_labels; k++)
            if (holds_name(&f, s->labels[k].name)) return 1;
        for (size_t k = 0; s && k < s->n_columns; k++) known += holds_name(&f, s->columns[k].name);
    }
    return s && 2 * known > s->n_columns;
}

static tw_status look_at_first(tw__csv *c, const char *text, const char *at, const char *end, tw_error *err)
{
    tw__csv_field f = {.is_last = 0};
    const char *p = at;
    for (size_t i = 0; !f.is_last; i++) {
        const char *const wrong = tw__csv_take(&f, &p, end, c->separator);
        if (wrong) return fail(c, line_of(text, at), wrong, err);
        if (i < c->n) c->columns[i].first = kind_of(&f, end);
    }
    return TW_OK;
}

static void warn_of_numbers(const tw__csv *c)
{
    size_t numbers = 0;
    for (size_t i = 0; i < c->n; i++) numbers += c->columns[i].first == TW__CSV_NUMBER;
    if (numbers)
        tw__log(c->source->ctx, TW_LOG_WARNING,
                "%s: the first row is taken for names of columns, %zu of which are numbers", c->path,
                numbers);
}

tw_status tw__csv_begin(tw__csv *c, const char *text, size_t n, int whole, size_t *used, tw_error *err)
{
    const char *at = text + tw__mark_length(text, n), *end = text + n;
    size_t columns;
    tw__csv_layout(at, (size_t)(end - at), whole, &c->separator, &columns);
    at = skip_empty(at, end);
    *used = (size_t)(at - text);
    tw__words_free(&c->names, c->source->ctx);
    TW_TRY(tw__csv_columns(c, at == end ? 0 : columns, err));
    if (at == end) return c->is_made ? TW_OK : tw__fail(err, TW_ERR_DATA, "%.300s holds no rows", c->path);
    while (!whole && end > at && end[-1] != '\n') end--;
    const size_t first = tw__csv_cut(c, at, (size_t)(end - at), 1);
    if (first == 0)
        return fail(c, line_of(text, at),
                    whole ? "a quote that is never closed"
                          : "the first row is longer than 512 KiB, or has a quote that is never closed",
                    err);
    TW_TRY(look_at_first(c, text, at, at + first, err));
    look_at_rows(c, at + first, end);
    if (is_header(c, at, at + first)) {
        warn_of_numbers(c);
        TW_TRY(take_names(c, text, &at, end, err));
    } else {
        for (size_t i = 0; i < c->n; i++) c->columns[i].n[c->columns[i].first]++;
    }
    *used = (size_t)(at - text);
    return tw__csv_assign(c, err);
}
