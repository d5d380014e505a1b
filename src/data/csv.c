/* Rows of tables in text; see csv.h.
 * SPDX-License-Identifier: MIT */
#include "data/csv.h"
#include "data/hashing.h"
#include "base/decimal.h"
#include "base/options.h"
#include "data/kind.h"
#include "data/number.h"
#include "file/hash.h"
#include "file/utf8.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

/* ---- one field ----------------------------------------------------------------------------------------- */

/* A row while it is being read. */
typedef struct row {
    const tw__csv *csv;
    const tw__piece *piece;
    tw__row_list *to;
    double *x;
    uint32_t *columns; /* of a sparse row, with n numbers in x; NULL: it is dense */
    size_t n;
    char *text; /* room for the label's */
    tw__label label;
    int is_left_out;
} row;

__attribute__((format(printf, 5, 6))) static tw_status fail(const row *r, const char *at, size_t column,
                                                            tw_error *err, const char *format, ...)
{
    char text[256], name[TW__CSV_NAME];
    va_list args;
    if (!err) return TW_ERR_DATA;
    va_start(args, format);
    tw__vformat(text, sizeof text, format, args);
    va_end(args);
    return tw__piece_fail(err, r->piece, at, "%s: %s", tw__csv_name(r->csv, column, name), text);
}

static inline void put(row *r, uint32_t column, double x)
{
    if (!r->columns) {
        r->x[column] = x;
        return;
    }
    r->x[r->n] = x;
    r->columns[r->n++] = column;
}

/* A missing text is none of the column's texts. A number is that of the training rows, or, until their mean
 * is known, NaN. */
static void put_missing(row *r, const tw__csv_column *column)
{
    const tw__csv *c = r->csv;
    if (column->role == TW__CSV_CATEGORY) {
        if (!r->columns) r->x[column->to] = NAN;
        return;
    }
    const double fill = c->policy == TW__CSV_ZERO ? 0 : c->is_given ? column->fill : NAN;
    put(r, column->to, fill);
    if (isnan(fill)) atomic_fetch_add_explicit(&c->found->missing, 1, memory_order_relaxed);
}

static tw_status take_missing(row *r, const tw__csv_field *f, size_t i, tw_error *err)
{
    const tw__csv_column *column = &r->csv->columns[i];
    char shown[TW__CSV_SHOWN];
    tw__csv_show(f, shown);
    if (r->csv->policy == TW__CSV_LEAVE_OUT) {
        r->is_left_out = 1;
        return TW_OK;
    }
    const int is_feature = column->role == TW__CSV_FEATURE || column->role == TW__CSV_CATEGORY;
    if (!is_feature || !column->may_miss)
        return fail(r, f->at, i, err, "the value is missing%s%s%s%s", *shown ? " (" : "", shown,
                    *shown ? ")" : "",
                    is_feature ? "; option missing says what to do then: zero, mean or skip"
                               : "; option missing = skip leaves such rows out");
    put_missing(r, column);
    return TW_OK;
}

/* A decimal number, finite or not. */
static tw_status take_number(const row *r, const tw__csv_field *f, size_t i, double *x, tw_error *err)
{
    char shown[TW__CSV_SHOWN];
    const int is_number = tw__csv_is_number(f, r->piece->end, x);
    if (is_number && isfinite(*x)) return TW_OK;
    tw__csv_show(f, shown);
    if (is_number)
        return fail(r, f->at, i, err, "%s is too %s for a double", shown, isinf(*x) ? "large" : "small");
    return fail(r, f->at, i, err,
                "\"%s\" is not a finite number such as -1.5e-3; option without leaves a column out", shown);
}

static tw_status take_text(const row *r, const tw__csv_field *f, size_t i, char *to, size_t *n, tw_error *err)
{
    const char *const wrong = tw__csv_text(f, to, n);
    if (wrong) return fail(r, f->at, i, err, "%s; option without leaves a column out", wrong);
    return TW_OK;
}

static tw_status take_hashed(row *r, const tw__csv_field *f, size_t i, tw_error *err)
{
    const tw__csv *c = r->csv;
    char text[TW__CSV_TEXT + 1];
    size_t n;
    double sign;
    TW_TRY(take_text(r, f, i, text, &n, err));
    const uint32_t column = tw__csv_hash(c, &c->schema->columns[c->columns[i].to], text, n, &sign);
    put(r, column, sign);
    return TW_OK;
}

static tw_status take_level(row *r, const tw__csv_field *f, size_t i, tw_error *err)
{
    const uint32_t to = r->csv->columns[i].to;
    char text[TW__CSV_TEXT + 1];
    size_t n;
    uint32_t number;
    if (r->columns) return take_hashed(r, f, i, err);
    tw__words *levels = &r->to->texts[to];
    TW_TRY(take_text(r, f, i, text, &n, err));
    const int64_t known = tw__words_find(levels, text, n);
    r->x[to] = (double)known;
    if (known >= 0) return TW_OK;
    if (!tw__utf8_is_valid(text)) return fail(r, f->at, i, err, "the text is not UTF-8");
    TW_TRY(tw__words_add(levels, r->to->ctx, text, n, &number, err));
    r->x[to] = number;
    return TW_OK;
}

/* One of several labels, which are targets. */
static tw_status take_target(const row *r, const tw__csv_field *f, size_t i, tw_error *err)
{
    const tw__row_list *to = r->to;
    char shown[TW__CSV_SHOWN];
    double *target = &to->targets[to->rows * to->n_targets + r->csv->columns[i].to];
    if (tw__csv_is_number(f, r->piece->end, target)) return take_number(r, f, i, target, err);
    return fail(r, f->at, i, err,
                "\"%s\" is not a number, as targets of several columns are; classes are a single column",
                tw__csv_show(f, shown));
}

/* Labels have any text, but what looks like a number is one. One that has been seen before is good. */
static tw_status take_label(row *r, const tw__csv_field *f, size_t i, tw_error *err)
{
    char shown[TW__CSV_SHOWN];
    double x;
    if (r->to->n_targets) return take_target(r, f, i, err);
    TW_TRY(take_text(r, f, i, r->text, &r->label.n, err));
    r->label.text = r->text;
    r->label.word = tw__words_find(&r->to->labels, r->text, r->label.n);
    if (r->label.word >= 0) return TW_OK;
    const char *word = r->text + (*r->text == '-' || *r->text == '+');
    if (!strcasecmp(word, "inf") || !strcasecmp(word, "infinity") || !strcasecmp(word, "nan") ||
        tw__number_read(tw__text_of(r->text), &x) < 0)
        return fail(r, f->at, i, err, "label %s is not a finite number", tw__csv_show(f, shown));
    for (const char *p = r->text; *p; p++)
        if ((unsigned char)*p < ' ') return fail(r, f->at, i, err, "a control character in a label");
    return tw__utf8_is_valid(r->text) ? TW_OK : fail(r, f->at, i, err, "the label is not UTF-8");
}

/* Whole numbers below 2^64 count as they are, and other texts by their hash. */
static tw_status take_group(const row *r, const tw__csv_field *f, size_t i, tw_error *err)
{
    uint64_t group = 0;
    char text[TW__CSV_TEXT + 1];
    size_t n, k = 0;
    TW_TRY(take_text(r, f, i, text, &n, err));
    for (; k < n && tw__is_digit(text[k]); k++)
        if (__builtin_mul_overflow(group, (uint64_t)10, &group) ||
            __builtin_add_overflow(group, (uint64_t)(text[k] - '0'), &group))
            break;
    r->to->groups[r->to->rows] = k == n ? group : tw__hash_text(text, n);
    return TW_OK;
}

static tw_status take_weight(const row *r, const tw__csv_field *f, size_t i, tw_error *err)
{
    double x;
    char shown[TW__CSV_SHOWN];
    TW_TRY(take_number(r, f, i, &x, err));
    if (!(x > 0)) return fail(r, f->at, i, err, "weight %s is not above 0", tw__csv_show(f, shown));
    r->to->weights[r->to->rows] = x;
    return TW_OK;
}

/* ---- one row ------------------------------------------------------------------------------------------- */

static tw_status use_field(row *r, const tw__csv_field *f, size_t i, tw_error *err)
{
    const tw__csv_column *column = &r->csv->columns[i];
    double x;
    if (column->role == TW__CSV_SKIP) return TW_OK;
    if (tw__csv_is_missing(f)) return take_missing(r, f, i, err);
    switch (column->role) {
    case TW__CSV_FEATURE: TW_TRY(take_number(r, f, i, &x, err)); return put(r, column->to, x), TW_OK;
    case TW__CSV_CATEGORY: return take_level(r, f, i, err);
    case TW__CSV_LABEL: return take_label(r, f, i, err);
    case TW__CSV_WEIGHT: return take_weight(r, f, i, err);
    case TW__CSV_GROUP: return take_group(r, f, i, err);
    default: return TW_OK;
    }
}

static tw_status fail_length(const row *r, const char *at, size_t fields, tw_error *err)
{
    const tw__csv *c = r->csv;
    tw__csv_field f = {.is_last = 0};
    const char *p = at;
    while (fields > c->n - 1 && !f.is_last && !tw__csv_take(&f, &p, r->piece->end, c->separator)) fields++;
    const int is_empty = fields == c->n + 1 && f.n == 0;
    return tw__piece_fail(err, r->piece, at, "%zu column%s, but %s has %zu%s", fields, fields == 1 ? "" : "s",
                          c->names.n ? "the header" : "the first row", c->n,
                          is_empty ? "; a separator at the end begins one more, which is empty" : "");
}

/* Any field, at *at. */
static tw_status take_field(row *r, const char **at, size_t i, tw_error *err)
{
    const tw__csv *c = r->csv;
    tw__csv_field f;
    const char *const wrong = tw__csv_take(&f, at, r->piece->end, c->separator);
    if (wrong) return fail(r, *at, i, err, "%s", wrong);
    if (f.is_last != (i + 1 == c->n)) return fail_length(r, *at, i + 1, err);
    return use_field(r, &f, i, err);
}

/* As many rows as there may be, by the length of the first; `each` numbers a row. */
static tw_status reserve(const tw__piece *piece, const char *at, tw__row_list *to, size_t each, tw_error *err)
{
    if (to->rows < to->capacity.label && to->numbers + each <= to->capacity.x &&
        (to->width || to->numbers + each <= to->capacity.columns) &&
        (to->rows + 1) * to->n_targets <= to->capacity.targets)
        return TW_OK;
    const char *const line = memchr(at, '\n', (size_t)(piece->end - at));
    const size_t rows = 1 + (size_t)(piece->end - at) / (size_t)(line + 1 - at);
    size_t numbers;
    if (!tw__size_mul(rows, each, &numbers)) numbers = SIZE_MAX;
    return tw__row_list_reserve(to, rows, numbers, err);
}

/* Ends a row, whose fields have been taken. */
static tw_status end_row(row *r, tw_error *err)
{
    tw__row_list *to = r->to;
    const size_t numbers = to->numbers;
    to->numbers += r->columns ? tw__merge_columns(r->x, r->columns, r->n) : to->width;
    const tw_status s = tw__row_list_end_row(to, &r->label, err);
    if (s != TW_OK) to->numbers = numbers;
    return s;
}

static tw_status take_row(const void *user, const tw__piece *piece, const char *at, const char **next,
                          tw__row_list *to, tw_error *err)
{
    const tw__csv *c = user;
    const char *const end = piece->end, separator = c->separator;
    char text[TW__CSV_TEXT + 1];
    row r = {.csv = c, .piece = piece, .to = to, .text = text};
    const char *p = tw__csv_skip(at, end, ' ');
    if (tw__csv_is_end(p, end) && (separator != '\t' || p == at)) { /* an empty line */
        *next = tw__csv_next_line(p, end);
        return TW_OK;
    }
    TW_TRY(reserve(piece, at, to, to->width ? to->width : c->n, err));
    r.x = to->x + to->numbers;
    if (!to->width) r.columns = to->columns + to->numbers;
    p = at;
    for (size_t i = 0; i < c->n; i++) {
        const tw__csv_column *column = &c->columns[i];
        if (separator == ' ' && i && tw__csv_is_end(tw__csv_skip(p, end, separator), end))
            return fail_length(&r, p, i, err);
        if (column->role == TW__CSV_FEATURE) {
            double x;
            if (tw__is_digit(*p) && p[1] == separator &&
                i + 1 < c->n) { /* as most are, where categories were */
                put(&r, column->to, *p - '0');
                p += 2;
                continue;
            }
            const char *const behind = tw__number_take(p, end, &x);
            if (behind && (i + 1 < c->n ? *behind == separator : tw__csv_is_end(behind, end)) &&
                isfinite(x)) {
                put(&r, column->to, x);
                p = behind + (i + 1 < c->n);
                continue;
            }
        }
        TW_TRY(take_field(&r, &p, i, err));
    }
    *next = tw__csv_next_line(p, end);
    if (r.is_left_out) {
        atomic_fetch_add_explicit(&c->found->left_out, 1, memory_order_relaxed);
        return TW_OK;
    }
    return end_row(&r, err);
}

/* ---- files --------------------------------------------------------------------------------------------- */

static tw_status begin_file(void *user, const char *path, const char *text, size_t n, int whole, size_t *used,
                            tw_error *err)
{
    tw__csv *c = user;
    c->path = path;
    TW_TRY(tw__csv_begin(c, text, n, whole, used, err));
    c->to->may_spool = !c->to->texts && c->policy != TW__CSV_MEAN;
    return TW_OK;
}

tw_status tw__csv_policy(tw__csv *c, tw_error *err)
{
    static const char *const names[] = {"error", "zero", "mean", "skip"};
    const char *given = c->source->options->missing;
    const tw_data_options *o = c->source->options;
    const char *odd = o->features ? "features" : o->index_base ? "index_base" : NULL;
    if (odd)
        return tw__fail(err, TW_ERR_SPEC, "option %s is for LIBSVM files, and %.300s is a table", odd,
                        c->source->paths[0]);
    if (c->is_given && c->schema->hash_bits && !c->schema->columns)
        return tw__fail(err, TW_ERR_DATA,
                        "%.300s is a table, and the training rows have columns by a hash of LIBSVM's indices",
                        c->source->paths[0]);
    TW_TRY(tw__hash_bits(c->source, &c->hash_bits, err));
    if (!given) return TW_OK;
    for (int i = 0; i < 4; i++)
        if (strcmp(given, names[i]) == 0) {
            c->policy = (enum tw__csv_policy)i;
            return TW_OK;
        }
    return tw__fail(err, TW_ERR_SPEC, "missing = %.60s is none of error, zero, mean and skip", given);
}

static const tw__text_format records = {.cut = tw__csv_cut, .begin = begin_file, .record = take_row};

static tw_status read_all(tw__csv *c, tw_error *err)
{
    TW_TRY(tw__csv_policy(c, err));
    TW_TRY(tw__text_read(c->to, c->source, &records, c, err));
    if (c->found->left_out)
        tw__log(c->source->ctx, TW_LOG_WARNING, "%s: %llu row%s with a missing value left out",
                c->source->paths[0], (unsigned long long)c->found->left_out,
                c->found->left_out == 1 ? "" : "s");
    return tw__csv_finish(c, err);
}

void tw__csv_start(tw__csv *c, const tw__source *source, tw__row_list *rows, tw__schema *schema,
                   tw__csv_found *found)
{
    if (source->schema) *schema = *source->schema; /* which is not changed */
    *c = (tw__csv){.source = source,
                   .path = source->paths[0],
                   .to = rows,
                   .schema = schema,
                   .is_given = source->schema != NULL,
                   .is_made = source->schema != NULL,
                   .found = found};
}

tw_status tw__csv_end(tw__csv *c, tw_status s, tw__block **out, tw_error *err)
{
    const tw__source *source = c->source;
    *out = NULL;
    if (s == TW_OK) s = tw__row_list_block(out, c->to, source, c->schema, err);
    else tw__row_list_free(c->to);
    tw__words_free(&c->names, source->ctx);
    tw__free(source->ctx, c->columns, c->n, sizeof *c->columns);
    if (!c->is_given) tw__schema_free(c->schema, source->ctx);
    return s;
}

static tw_status read_files(tw__block **out, const tw__source *source, tw_error *err)
{
    tw__csv c;
    tw__csv_found found = {.missing = 0};
    tw__row_list rows = {.ctx = source->ctx};
    tw__schema schema = TW__SCHEMA_INIT;
    tw__csv_start(&c, source, &rows, &schema, &found);
    return tw__csv_end(&c, read_all(&c, err), out, err);
}

/* Where the training rows were a table, any text is one: of one column with texts, say. */
static int recognises(const uint8_t *head, size_t n, int whole, const tw__schema *fit)
{
    char separator;
    size_t columns;
    if (!tw__is_plain_text(&head, &n)) return 0;
    return (fit && fit->n_fields) || tw__csv_layout((const char *)head, n, whole, &separator, &columns);
}

const tw__reader tw__reader_csv = {.name = "csv",
                                   .supported = "a CSV or TSV file",
                                   .kind = TW_PATH_FILE,
                                   .recognises = recognises,
                                   .read = read_files};
