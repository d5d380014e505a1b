/* Rows from NumPy's files: an array of rows and columns (npy), or such an array with one of labels (npz).
 * Their columns have numbers and no names; options and schemas apply to them as to those of a table in text.
 * SPDX-License-Identifier: MIT */
#include "data/npy_array.h"
#include "base/decimal.h"
#include "data/csv.h"
#include "file/zip.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WHAT = 400, HEAD = 4, SHAPE = 96 };

typedef struct reading {
    tw__csv table;
    char shape[SHAPE]; /* of the first file */

    /* Of the file that is being read. */
    tw__stream *stream;
    tw__npy x, y; /* y: {0}, or labels */
    char x_name[WHAT], y_name[WHAT];
} reading;

/* ---- arrays -------------------------------------------------------------------------------------------- */

static tw_status read_stream(void *stream, void *to, size_t n, size_t *got, tw_error *err)
{
    return tw__stream_read(stream, to, n, got, err);
}

/* The member is called by one of the names, perhaps with ".npy" after it. */
static int is_called(const char *member, const char *const *names)
{
    const size_t all = strlen(member), n = all > 4 && strcmp(member + all - 4, ".npy") == 0 ? all - 4 : all;
    for (; *names; names++)
        if (strlen(*names) == n && strncmp(member, *names, n) == 0) return 1;
    return 0;
}

static tw_status read_member(reading *r, tw__zip *zip, const char *member, tw_error *err)
{
    static const char *const rows[] = {"X", "x", "data", NULL}, *const labels[] = {"y", "label", "labels",
                                                                                   "target", NULL};
    const int is_label = is_called(member, labels);
    tw__npy *to = is_label ? &r->y : &r->x;
    char *what = is_label ? r->y_name : r->x_name;
    if (!is_label && !is_called(member, rows)) return TW_OK;
    if (to->bytes)
        return tw__fail_in(err, TW_ERR_DATA, r->table.path, 0, -1, "holds two arrays of %s: %.80s and %.80s",
                           is_label ? "labels" : "rows", what + strlen(r->table.path) + 1, member);
    snprintf(what, WHAT, "%.250s:%.100s", r->table.path, member);
    return tw__npy_read(to, r->table.source->ctx, what, tw__zip_read, zip, err);
}

static tw_status read_zip(reading *r, tw_error *err)
{
    const tw__source *source = r->table.source;
    tw__zip *zip;
    const char *member;
    TW_TRY(tw__zip_open(&zip, source->ctx, r->stream, source->options->most_bytes, err));
    tw_status s = tw__zip_next(zip, &member, err);
    while (s == TW_OK && member) {
        s = read_member(r, zip, member, err);
        if (s == TW_OK) s = tw__zip_next(zip, &member, err);
    }
    tw__zip_close(zip);
    if (s == TW_OK && !r->x.bytes)
        s = tw__fail_in(err, TW_ERR_DATA, r->table.path, 0, -1,
                        "holds no array of rows, called X, x or data");
    return s;
}

static int is_zip(const uint8_t *head, size_t n) { return n >= 4 && memcmp(head, "PK\3\4", 4) == 0; }

/* Labels are more columns, the last ones. */
static tw_status read_arrays(reading *r, tw_error *err)
{
    const tw__source *source = r->table.source;
    const uint8_t *head;
    size_t n;
    TW_TRY(tw__stream_peek(r->stream, HEAD, &head, &n, err));
    if (is_zip(head, n)) TW_TRY(read_zip(r, err));
    else {
        snprintf(r->x_name, WHAT, "%.350s", r->table.path);
        TW_TRY(tw__npy_read(&r->x, source->ctx, r->x_name, read_stream, r->stream, err));
    }
    if (!r->y.bytes) return TW_OK;
    if (r->y.columns > TW__MOST_TARGETS)
        return tw__fail_in(err, TW_ERR_DATA, r->y_name, 0, -1, "%zu columns of labels, of at most %d",
                           r->y.columns, TW__MOST_TARGETS);
    if (r->y.rows != r->x.rows)
        return tw__fail_in(err, TW_ERR_DATA, r->y_name, 0, -1, "%zu labels of %zu numbers for %zu rows",
                           r->y.rows, r->y.columns, r->x.rows);
    if (source->options->label)
        return tw__fail(err, TW_ERR_SPEC, "label = %.60s: the labels of %.200s are its array of labels",
                        source->options->label, r->table.path);
    return TW_OK;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

static const tw__npy *array_of(const reading *r, size_t *column)
{
    if (*column < r->x.columns) return &r->x;
    *column -= r->x.columns;
    return &r->y;
}

__attribute__((format(printf, 5, 6))) static tw_status fail(const reading *r, size_t row, size_t column,
                                                            tw_error *err, const char *format, ...)
{
    va_list args;
    char text[256];
    size_t at = column;
    const tw__npy *a = array_of(r, &at);
    va_start(args, format);
    tw__vformat(text, sizeof text, format, args);
    va_end(args);
    return tw__fail_in(err, TW_ERR_DATA, a == &r->x ? r->x_name : r->y_name, 0,
                       (int64_t)(a->begin + tw__npy_at(a, row, at)), "row %zu, column %zu: %s", row + 1,
                       column + 1, text);
}

/* *skipped: the row is left out for a missing value. */
static tw_status take_missing(reading *r, size_t row, size_t i, double *x, int *skipped, tw_error *err)
{
    tw__csv *t = &r->table;
    const tw__csv_column *column = &t->columns[i];
    if (t->policy == TW__CSV_LEAVE_OUT) {
        *skipped = 1;
        return TW_OK;
    }
    if (column->role != TW__CSV_FEATURE || !column->may_miss)
        return fail(r, row, i, err, "the value is missing (nan); option missing%s",
                    column->role == TW__CSV_FEATURE ? " says what to do then: zero, mean or skip"
                                                    : " = skip leaves such rows out");
    atomic_fetch_add_explicit(&t->found->missing, 1, memory_order_relaxed);
    x[column->to] = NAN;
    return TW_OK;
}

static tw_status use_value(reading *r, size_t row, size_t i, double value, double *x, tw_error *err)
{
    tw__csv *t = &r->table;
    const tw__csv_column *column = &t->columns[i];
    if (column->role == TW__CSV_FEATURE) x[column->to] = value;
    if (column->role == TW__CSV_LABEL) t->to->targets[t->to->rows * t->to->n_targets + column->to] = value;
    if (column->role == TW__CSV_WEIGHT) {
        if (!(value > 0)) return fail(r, row, i, err, "the weight is not above 0");
        t->to->weights[t->to->rows] = value;
    }
    if (column->role == TW__CSV_GROUP) {
        if (value < 0 || value != floor(value) || value > 0x1p53)
            return fail(r, row, i, err, "the group is not a whole number from 0 to 2^53");
        t->to->groups[t->to->rows] = (uint64_t)value;
    }
    return TW_OK;
}

static tw_status take_row(reading *r, size_t row, char label[TW_VALUE_MAX], int *skipped, tw_error *err)
{
    tw__csv *t = &r->table;
    double *const x = t->to->x + t->to->numbers;
    for (size_t i = 0; i < t->n && !*skipped; i++) {
        double value;
        size_t at = i;
        const tw__npy *a = array_of(r, &at);
        if (t->columns[i].role == TW__CSV_SKIP) continue;
        const int is_exact = tw__npy_number(a, row, at, &value);
        if (isnan(value)) {
            TW_TRY(take_missing(r, row, i, x, skipped, err));
            continue;
        }
        if (isinf(value)) return fail(r, row, i, err, "an infinite number");
        if (t->columns[i].role == TW__CSV_LABEL && !t->to->n_targets) {
            tw__npy_text(a, row, at, label);
            continue;
        }
        if (!is_exact)
            return fail(r, row, i, err, "a whole number beyond 2^53, which a double does not hold");
        TW_TRY(use_value(r, row, i, value, x, err));
    }
    return TW_OK;
}

/* A bad row is left out, if that is still allowed. */
static tw_status leave_out(reading *r, const tw_error *why, tw_error *err)
{
    tw__row_list *to = r->table.to;
    const uint64_t most = r->table.source->options->skip_bad;
    if (to->bad >= most && most == 0) {
        if (err) *err = *why;
        return why->code;
    }
    if (to->bad >= most)
        return tw__fail_in(err, TW_ERR_DATA, r->table.path, 0, -1,
                           "more than %llu bad rows; the last one: %.300s", (unsigned long long)most,
                           why->message);
    tw__log(to->ctx, TW_LOG_WARNING, "left out: %s", why->message);
    to->bad++;
    return TW_OK;
}

static tw_status take_rows(reading *r, tw_error *err)
{
    tw__row_list *to = r->table.to;
    size_t numbers, skips = 0;
    tw_error why;
    if (!tw__size_mul(r->x.rows, to->width, &numbers)) numbers = SIZE_MAX;
    TW_TRY(tw__row_list_reserve(to, r->x.rows, numbers, err));
    for (size_t row = 0; row < r->x.rows; row++) {
        char label[TW_VALUE_MAX] = "";
        int skipped = 0;
        const tw_status s = take_row(r, row, label, &skipped, &why);
        if (s != TW_OK) TW_TRY(leave_out(r, &why, err));
        skips += (size_t)skipped;
        if (s != TW_OK || skipped) continue;
        const tw__label found = {.text = *label ? label : NULL, .n = strlen(label), .word = -1};
        TW_TRY(tw__row_list_end_row(to, &found, err));
        to->numbers += to->width;
    }
    if (skips)
        tw__log(to->ctx, TW_LOG_WARNING, "%s: %zu row%s with a missing value left out", r->table.path, skips,
                skips == 1 ? "" : "s");
    return TW_OK;
}

/* ---- files --------------------------------------------------------------------------------------------- */

static size_t labels_of(const reading *r)
{
    return r->y.bytes && !r->table.source->options->unlabelled ? r->y.columns : 0;
}

static void describe(const reading *r, char to[SHAPE])
{
    const int n = snprintf(to, SHAPE, "%zu column%s of type %c%d", r->x.columns, r->x.columns == 1 ? "" : "s",
                           r->x.kind, r->x.size);
    char each[24] = "";
    if (labels_of(r) > 1) snprintf(each, sizeof each, "%zu ", labels_of(r));
    if (labels_of(r))
        snprintf(to + n, (size_t)(SHAPE - n), " and %slabels of type %c%d", each, r->y.kind, r->y.size);
}

/* All files have the columns and types of the first one, in any order of bytes and elements. */
static tw_status check_shape(reading *r, tw_error *err)
{
    char shape[SHAPE];
    describe(r, shape);
    if (!*r->shape) memcpy(r->shape, shape, SHAPE);
    if (strcmp(r->shape, shape) == 0) return TW_OK;
    return tw__fail_in(
        err, TW_ERR_DATA, r->table.path, 0, -1,
        "%s, but %.200s has %s; the files of one data set must have the same columns and types", shape,
        r->table.source->paths[0], r->shape);
}

static tw_status take_file(reading *r, tw_error *err)
{
    tw__csv *t = &r->table;
    TW_TRY(check_shape(r, err));
    t->last_labels = labels_of(r);
    TW_TRY(tw__csv_columns(t, r->x.columns + labels_of(r), err));
    TW_TRY(tw__csv_assign(t, err));
    for (size_t i = 0; i < t->n; i++)
        if (t->columns[i].role == TW__CSV_CATEGORY)
            return tw__fail(
                err, TW_ERR_DATA,
                "%.200s: column %zu of the training rows has texts, which an array of numbers cannot hold",
                t->path, i + 1);
    return take_rows(r, err);
}

static tw_status read_file(reading *r, size_t i, tw_error *err)
{
    const tw__source *source = r->table.source;
    r->table.path = source->paths[i];
    TW_TRY(tw__source_open(source, i, &r->stream, err));
    tw_status s = read_arrays(r, err);
    tw__source_close(source, r->stream);
    if (s == TW_OK) s = take_file(r, err);
    tw__npy_free(&r->x, source->ctx);
    tw__npy_free(&r->y, source->ctx);
    return s;
}

static tw_status read_all(reading *r, tw_error *err)
{
    TW_TRY(tw__csv_policy(&r->table, err));
    if (tw__some_are_categories(r->table.source->options))
        return tw__fail(err, TW_ERR_SPEC, "option categories is for tables in text, and %.300s is an array",
                        r->table.source->paths[0]);
    for (size_t i = 0; i < r->table.source->n; i++) TW_TRY(read_file(r, i, err));
    return tw__csv_finish(&r->table, err);
}

static tw_status read_files(tw__block **out, const tw__source *source, tw_error *err)
{
    reading *r;
    *out = NULL;
    TW_TRY(tw__alloc(source->ctx, &r, 1, sizeof *r, err));
    tw__csv_found found = {.missing = 0};
    tw__row_list rows = {.ctx = source->ctx};
    tw__schema schema = TW__SCHEMA_INIT;
    tw__csv_start(&r->table, source, &rows, &schema, &found);
    const tw_status s = tw__csv_end(&r->table, read_all(r, err), out, err);
    tw__free(source->ctx, r, 1, sizeof *r);
    return s;
}

static int recognises(const uint8_t *head, size_t n, int whole, const tw__schema *fit)
{
    (void)whole, (void)fit;
    return is_zip(head, n) || (n >= 6 && memcmp(head, "\x93NUMPY", 6) == 0);
}

const tw__reader tw__reader_npy = {.name = "npy",
                                   .supported = "an npy or npz file",
                                   .kind = TW_PATH_FILE,
                                   .recognises = recognises,
                                   .read = read_files};
