/* LIBSVM's text: a row is a line "label index:value index:value ...", with what the tools around it added:
 * several labels, "1,3", or none, "qid:N" after the label, comments from "#" on, and first columns that are called 0 or 1.
 * SPDX-License-Identifier: MIT */
#include "data/kind.h"
#include "data/hashing.h"
#include "data/label_sets.h"
#include "data/labels.h"
#include "data/libsvm_head.h"
#include "data/number.h"
#include "data/spool.h"
#include "data/text.h"
#include "file/utf8.h"
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <thalweg/train.h>

enum { SHOWN = 48, TYPICAL_ROW = 64 /* bytes */ };
#define MOST_INDEX UINT32_MAX

/* What the rows hold; maxima and sums, so that it does not matter in which order threads add to them. */
typedef struct found {
    _Atomic int64_t largest; /* index; -1: none */
    atomic_int has_zero;     /* an index 0 occurs */
    _Atomic uint64_t wide;   /* rows with an index that the schema has no column for */
} found;

typedef struct reading {
    const tw__source *source;
    tw__row_list *to;
    int base;                    /* -1: not known yet */
    int64_t least, most, widest; /* indices that are allowed, and up to which they count */
    unsigned hash_bits;          /* 0: columns are indices */
    int is_begun;                /* the first file has told whether rows have a qid */
    int are_sets;                /* rows have any number of labels, also none */
    found *found;
} reading;

/* ---- characters ---------------------------------------------------------------------------------------- */

static inline int is_blank(char c) { return c == ' ' || c == '\t'; }
/* Nothing more of the row follows. */
static inline int is_end(const char *p) { return *p == '\n' || *p == '#' || (*p == '\r' && p[1] == '\n'); }
static inline int is_word_end(const char *p) { return is_blank(*p) || is_end(p); }

static inline const char *skip_blanks(const char *p)
{
    while (is_blank(*p)) p++;
    return p;
}

static const char *word_end(const char *p)
{
    while (!is_word_end(p)) p++;
    return p;
}

static int is_qid(const char *p) { return p[0] == 'q' && p[1] == 'i' && p[2] == 'd' && p[3] == ':'; }

/* The text from `at` to `end` for a message. */
static const char *show(const char *at, const char *end, char to[SHOWN])
{
    char text[SHOWN];
    snprintf(text, sizeof text, "%.*s", (int)(end - at < SHOWN ? end - at : SHOWN), at);
    return tw_printable(text, to, SHOWN);
}

/* ---- errors -------------------------------------------------------------------------------------------- */

/* A word that begins with no index and colon. */
static tw_status fail_index(const tw__piece *piece, const char *at, tw_error *err)
{
    char shown[SHOWN];
    const char *const end = word_end(at);
    show(at, end, shown);
    if (is_qid(at))
        return tw__piece_fail(err, piece, at, "\"%s\": a qid comes once, right after the label", shown);
    if (!memchr(at, ':', (size_t)(end - at)))
        return tw__piece_fail(err, piece, at, "\"%s\" is not a feature; write index:value, such as 3:0.5",
                              shown);
    return tw__piece_fail(err, piece, at, "\"%s\" does not begin with an index, a whole number from 0 to %lu",
                          shown, (unsigned long)MOST_INDEX);
}

/* An index that is out of bounds or does not rise; before: -1 or the one before it. */
static tw_status fail_order(const reading *r, const tw__piece *piece, const char *at, uint64_t index,
                            int64_t before, tw_error *err)
{
    const unsigned long long i = index;
    if (before >= r->least && index <= MOST_INDEX && (int64_t)index <= before)
        return tw__piece_fail(err, piece, at, "index %llu comes after index %lld; indices rise within a row",
                              i, (long long)before);
    if (index < (uint64_t)r->least)
        return tw__piece_fail(err, piece, at, "index 0, but the first column is 1%s",
                              r->source->schema ? " in the training rows" : " (option index_base)");
    if (r->most < MOST_INDEX)
        return tw__piece_fail(err, piece, at, "index %llu is above %lld: option features allows %llu columns",
                              i, (long long)r->most, (unsigned long long)r->source->options->features);
    return tw__piece_fail(err, piece, at, "index %llu is above %lu, the largest there can be", i,
                          (unsigned long)MOST_INDEX);
}

/* end: behind the number, NULL if there is none. */
static tw_status fail_number(const tw__piece *piece, const char *what, const char *at, const char *end,
                             double x, tw_error *err)
{
    char shown[SHOWN];
    const char *const behind = word_end(at);
    show(at, behind, shown);
    if (at == behind) return tw__piece_fail(err, piece, at, "%s is missing", what);
    if (end != behind)
        return tw__piece_fail(err, piece, at, "%s \"%s\" is not a finite decimal number, such as -1.5e-3",
                              what, shown);
    return isinf(x) ? tw__piece_fail(err, piece, at, "%s %s is too large for a double", what, shown)
                    : tw__piece_fail(err, piece, at, "%s %s is too small for a double; write 0", what, shown);
}

/* Training rows had any number of labels each. */
static int has_sets(const tw__schema *s) { return s->base >= 0 && s->n_labels > 1; }

/* ---- label and group ----------------------------------------------------------------------------------- */

/* nan and inf, of any spelling, and what is too large or too small for a double are no labels. */
static tw_status check_one(const tw__piece *piece, const char *at, const char *end, tw_error *err)
{
    static const char *const odd[] = {"nan", "inf", "infinity"};
    char shown[SHOWN];
    double x;
    const char *const word = at + (*at == '-' || *at == '+'), *const behind =
                                                                  tw__number_take(at, piece->end, &x);
    const size_t n = (size_t)(end - word);
    if (behind == end && !isfinite(x)) return fail_number(piece, "label", at, end, x, err);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        if (n == strlen(odd[i]) && strncasecmp(word, odd[i], n) == 0)
            return fail_number(piece, "label", at, NULL, 0, err);
    for (const char *p = at; p < end;) {
        const size_t length = tw__utf8_length(p);
        if (!length) return tw__piece_fail(err, piece, p, "label \"%s\" is not UTF-8", show(at, end, shown));
        p += length;
    }
    return TW_OK;
}

/* One label or, with commas, several. */
static tw_status check_labels(const reading *r, const tw__piece *piece, const char *at, const char *end,
                              tw_error *err)
{
    char shown[SHOWN];
    const tw__schema *s = r->source->schema;
    const char *one = at, *comma = memchr(at, ',', (size_t)(end - at));
    if (comma && s && !has_sets(s))
        return tw__piece_fail(err, piece, at, "label \"%s\": rows have one label, as the training rows have",
                              show(at, end, shown));
    if (comma && tw__learns_one(r->source->options, s))
        return tw__piece_fail(err, piece, at, "label \"%s\": " TW__LEARNS_ONE, show(at, end, shown));
    for (; comma; one = comma + 1, comma = memchr(one, ',', (size_t)(end - one))) {
        if (comma == one) break;
        TW_TRY(check_one(piece, one, comma, err));
    }
    if (comma || (one == end && one > at))
        return tw__piece_fail(err, piece, one, "a label is missing in \"%s\"; write several as 1,3",
                              show(at, end, shown));
    return check_one(piece, one, end, err);
}

/* The labels at *at, if there are any. Those that have been seen before are good. */
static tw_status take_label(const reading *r, const tw__piece *piece, const char **at, const tw__row_list *to,
                            tw__label *label, tw_error *err)
{
    const char *p = *at;
    char shown[SHOWN];
    for (; *p != ':' && !is_word_end(p); p++)
        if ((unsigned char)*p < ' ')
            return tw__piece_fail(err, piece, p, "control character \"%s\" in a label",
                                  show(p, p + 1, shown));
    if (*p == ':' && (r->source->options->unlabelled || r->are_sets)) return TW_OK;
    if (*p == ':')
        return tw__piece_fail(err, piece, *at,
                              "\"%s\" is not a label; rows without labels can only be predicted",
                              show(*at, word_end(*at), shown));
    if (!r->source->options->unlabelled) {
        const size_t n = (size_t)(p - *at);
        *label = (tw__label){.text = *at, .n = n, .word = tw__words_find(&to->labels, *at, n)};
        if (label->word < 0) TW_TRY(check_labels(r, piece, *at, p, err));
    }
    *at = p;
    return TW_OK;
}

/* The qid at *at, if there is one. All rows have one, or none. */
static tw_status take_group(const tw__piece *piece, const char **at, tw__row_list *to, tw_error *err)
{
    char shown[SHOWN];
    const char *p = *at;
    uint64_t group = 0;
    if (!is_qid(p))
        return to->has_groups
                   ? tw__piece_fail(err, piece, p, "no qid after the label, but the first row has one")
                   : TW_OK;
    if (!to->has_groups)
        return tw__piece_fail(err, piece, p, "\"%s\", but the first row has no qid",
                              show(p, word_end(p), shown));
    const char *const digits = p += 4;
    for (; tw__is_digit(*p); p++)
        if (__builtin_mul_overflow(group, (uint64_t)10, &group) ||
            __builtin_add_overflow(group, (uint64_t)(*p - '0'), &group))
            break;
    if (p == digits || !is_word_end(p))
        return tw__piece_fail(err, piece, digits, "qid \"%s\" is not a whole number below 2^64",
                              show(digits, word_end(digits), shown));
    to->groups[to->rows] = group;
    *at = p;
    return TW_OK;
}

/* ---- rows --------------------------------------------------------------------------------------------- */

/* Features of a row. */
typedef struct extent {
    size_t end;   /* of its numbers */
    int64_t last; /* index; below 1, or -1: there is none */
    int has_zero; /* index 0 occurs */
} extent;

/* Room for everything that a piece may still hold from `at` on: a feature has 4 bytes at least. */
static tw_status reserve_numbers(tw__row_list *to, const tw__piece *piece, const char *at, size_t used,
                                 tw_error *err)
{
    return tw__row_list_reserve(to, 1, used - to->numbers + (size_t)(piece->end - at) / 4 + 1, err);
}

/* As tw__digits_take from 0; the one word that most indices fit into is not worth a loop. */
static inline const char *take_index(const char *at, const char *end, uint64_t *index)
{
    if (end - at >= 8) {
        const int digits = tw__digits_ahead(at, index);
        if (digits < 8) return at + digits;
    }
    *index = 0;
    return tw__digits_take(at, end, index);
}

/* As tw__number_take; whether it is a finite number and its word ends behind it. The one digit that many
 * features are made of, and common numbers, are not worth a call. */
static inline int take_value(const char *at, const char *end, int is_to_nearest, const char **behind,
                             double *x)
{
    if (tw__is_digit(at[0]) && is_blank(at[1])) {
        *x = at[0] - '0';
        *behind = at + 1;
        return 1;
    }
    *behind = is_to_nearest ? tw__number_take_common(at, end, x) : NULL;
    if (*behind) return is_word_end(*behind);
    *behind = tw__number_take(at, end, x);
    return *behind && is_word_end(*behind) && isfinite(*x);
}

/* Numbers that fit in both lists, which grow apart. */
static size_t capacity_of(const tw__row_list *t)
{
    return t->capacity.x < t->capacity.columns ? t->capacity.x : t->capacity.columns;
}

/* Takes the features from *at to the row's end, and puts them behind the rows' numbers. Zeros are left
 * out. */
static tw_status take_features(const reading *r, const tw__piece *piece, const char **at, tw__row_list *to,
                               extent *row, tw_error *err)
{
    const char *p = *at;
    int64_t before = r->least - 1;
    size_t used = to->numbers, capacity = capacity_of(to);
    const int is_to_nearest = tw__rounds_to_nearest();
    int has_zero = 0;
    for (p = skip_blanks(p); tw__is_digit(*p) || !is_end(p); p = skip_blanks(p)) {
        const char *const word = p;
        uint64_t index;
        double x;
        p = take_index(p, piece->end, &index);
        if (p == word || *p != ':' || p - word > TW__DIGITS) return fail_index(piece, word, err);
        const char *const number = p + 1, *end;
        if (!take_value(number, piece->end, is_to_nearest, &end, &x))
            return fail_number(piece, "value", number, end, x, err);
        if (index > (uint64_t)r->most || (int64_t)index <= before)
            return fail_order(r, piece, word, index, before, err);
        if (used == capacity) {
            TW_TRY(reserve_numbers(to, piece, p, used, err));
            capacity = capacity_of(to);
        }
        to->x[used] = x;
        to->columns[used] = (uint32_t)index;
        used += !tw__is_zero(x) && (int64_t)index <= r->widest;
        has_zero |= index == 0;
        before = (int64_t)index;
        p = end;
    }
    *row = (extent){.end = used, .last = before, .has_zero = has_zero};
    *at = p;
    return TW_OK;
}

/* Records the indices of a good row. */
static void note_indices(const reading *r, int has_zero, int64_t last)
{
    found *f = r->found;
    int64_t largest = atomic_load_explicit(&f->largest, memory_order_relaxed);
    while (last > largest && !atomic_compare_exchange_weak(&f->largest, &largest, last)) {
    }
    if (has_zero && !atomic_load_explicit(&f->has_zero, memory_order_relaxed)) atomic_store(&f->has_zero, 1);
    if (last > r->widest) atomic_fetch_add(&f->wide, 1);
}

static tw_status hash_row(const reading *r, const tw__piece *piece, const char *at, tw__row_list *to,
                          extent *row, tw_error *err)
{
    double *x = to->x + to->numbers;
    row->end =
        to->numbers + tw__hash_columns(x, to->columns + to->numbers, row->end - to->numbers, r->hash_bits);
    for (size_t i = to->numbers; i < row->end; i++)
        if (!isfinite(to->x[i]))
            return tw__piece_fail(err, piece, at,
                                  "numbers of the same hashed column are too large for a double together");
    return TW_OK;
}

/* A line with a row, or without one. It begins with a mark of the order of bytes where files were joined. */
static tw_status take_line(const void *user, const tw__piece *piece, const char *at, const char **next,
                           tw__row_list *to, tw_error *err)
{
    const reading *r = user;
    const char *p = skip_blanks(at + tw__mark_length(at, (size_t)(piece->end - at)));
    const size_t numbers = to->numbers;
    tw__label label = {.text = NULL};
    extent row = {.last = -1};
    if (!is_end(p)) {
        if (to->rows == to->capacity.label)
            TW_TRY(tw__row_list_reserve(to, 1 + (size_t)(piece->end - at) / TYPICAL_ROW, 0, err));
        TW_TRY(take_label(r, piece, &p, to, &label, err));
        p = skip_blanks(p);
        TW_TRY(take_group(piece, &p, to, err));
        TW_TRY(take_features(r, piece, &p, to, &row, err));
        if (r->hash_bits) TW_TRY(hash_row(r, piece, at, to, &row, err));
        to->numbers = row.end;
        const tw_status s = tw__row_list_end_row(to, &label, err);
        if (s != TW_OK) to->numbers = numbers;
        TW_TRY(s);
        note_indices(r, row.has_zero, row.last);
    }
    while (*p != '\n') p++;
    *next = p + 1;
    return TW_OK;
}

/* ---- files --------------------------------------------------------------------------------------------- */

/* The first row of the first file decides whether rows have a qid; several labels in a row near the beginning
 * of a file, that from then on rows may lack labels. A mark of the order of bytes is no part of a row. */
static tw_status begin_file(void *user, const char *path, const char *text, size_t n, int whole, size_t *used,
                            tw_error *err)
{
    reading *r = user;
    (void)path, (void)whole, (void)err;
    *used = tw__mark_length(text, n);
    if (!r->is_begun) r->to->has_groups = tw__libsvm_has_qid(text + *used, n - *used);
    r->is_begun = 1;
    r->are_sets |= tw__libsvm_has_sets(text + *used, n - *used);
    return TW_OK;
}

/* Options of tables, which begin with their label's column wherever it is. */
static tw_status refuse_options(const tw_data_options *o, tw_error *err)
{
    const char *odd = o->label                     ? "label"
                      : o->row_weight              ? "row_weight"
                      : o->group_by                ? "group_by"
                      : o->columns                 ? "columns"
                      : o->without                 ? "without"
                      : o->missing                 ? "missing"
                      : tw__some_are_categories(o) ? "categories"
                                                   : NULL;
    return odd ? tw__fail(
                     err, TW_ERR_SPEC,
                     "option %s is for tables; a row in LIBSVM's format is: label [qid:group] index:value ...",
                     odd)
               : TW_OK;
}

/* Names and categories of a table's columns are not in such a file. */
static tw_status check_schema(const tw__source *source, tw_error *err)
{
    const tw__schema *s = source->schema;
    const tw_data_options *o = source->options;
    for (size_t i = 0; s->columns && i < s->n_columns; i++)
        if (s->columns[i].name || s->columns[i].kind != TW__COLUMN_NUMBER)
            return tw__fail(
                err, TW_ERR_DATA,
                "%.200s: a LIBSVM file has no names of columns; the training rows have columns with names or categories",
                source->paths[0]);
    if (o->index_base && s->base >= 0 && o->index_base[0] - '0' != s->base)
        return tw__fail(err, TW_ERR_SPEC, "index_base = %s, but the first column of the training rows is %d",
                        o->index_base, s->base);
    if (o->features && o->features != s->width)
        return tw__fail(err, TW_ERR_SPEC, "features = %llu, but the training rows have %zu columns",
                        (unsigned long long)o->features, s->width);
    return TW_OK;
}

/* Which indices are allowed, as far as it is known before the rows are read. */
static tw_status set_bounds(reading *r, tw_error *err)
{
    const tw_data_options *o = r->source->options;
    const tw__schema *s = r->source->schema;
    TW_TRY(refuse_options(o, err));
    if (o->index_base && strcmp(o->index_base, "0") != 0 && strcmp(o->index_base, "1") != 0)
        return tw__fail(err, TW_ERR_SPEC, "index_base = %.60s is neither 0 nor 1", o->index_base);
    if (o->features > (uint64_t)MOST_INDEX + 1)
        return tw__fail(err, TW_ERR_SPEC, "features = %llu is above 2^32", (unsigned long long)o->features);
    if (o->hash_bits && (o->features || o->index_base))
        return tw__fail(err, TW_ERR_SPEC,
                        "hash_bits cannot be combined with %s: a hash says which column an index has",
                        o->features ? "features" : "index_base");
    if (s) TW_TRY(check_schema(r->source, err));
    TW_TRY(tw__hash_bits(r->source, &r->hash_bits, err));
    r->base = s && s->base >= 0 ? s->base : o->index_base ? o->index_base[0] - '0' : s ? 1 : -1;
    r->least = r->base == 1;
    r->most =
        !s && o->features && o->features <= MOST_INDEX ? (int64_t)o->features - (r->base == 0) : MOST_INDEX;
    if (r->hash_bits) r->base = r->least = 0;
    r->are_sets = s && has_sets(s);
    r->widest = s && !r->hash_bits ? (int64_t)s->width - 1 + r->base : r->most;
    return TW_OK;
}

/* From indices to columns, whose number is what was given or what occurs. */
static tw_status number_columns(const reading *r, tw__schema *schema, tw_error *err)
{
    const found *f = r->found;
    const char *const path = r->source->paths[0];
    const uint64_t features = r->source->options->features;
    tw__row_list *rows = r->to;
    const int base = r->base >= 0 ? r->base : !f->has_zero;
    const int64_t columns = f->largest + 1 - base;
    if (r->base < 0) tw__log(rows->ctx, TW_LOG_DETAIL, "%s: the first column is %d", path, base);
    if (base && rows->spool) rows->spool->first_column = 1;
    else if (base)
        for (size_t i = 0; i < rows->numbers; i++) rows->columns[i]--;
    if (r->source->schema) {
        if (f->wide)
            tw__log(
                rows->ctx, TW_LOG_WARNING,
                "%s: %llu of %zu rows have features above %lld, which the training rows do not have: they count 0",
                path, (unsigned long long)f->wide, tw__row_list_rows(rows), (long long)r->widest);
        return TW_OK;
    }
    if (features && columns > (int64_t)features)
        return tw__fail(err, TW_ERR_DATA,
                        "%.300s: indices 0 and %lld occur: more columns than features = %llu", path,
                        (long long)f->largest, (unsigned long long)features);
    schema->base = base;
    schema->hash_bits = r->hash_bits;
    schema->width = r->hash_bits  ? (size_t)1 << r->hash_bits
                    : features    ? features
                    : columns > 0 ? (size_t)columns
                                  : 1;
    return TW_OK;
}

static const tw__text_format lines = {.cut = tw__cut_lines, .begin = begin_file, .record = take_line};

static tw_status read_files(tw__block **out, const tw__source *source, tw_error *err)
{
    found f = {.largest = -1};
    tw__row_list rows = {.ctx = source->ctx, .may_spool = 1};
    reading r = {.source = source, .to = &rows, .found = &f};
    tw__schema schema = TW__SCHEMA_INIT;
    *out = NULL;
    TW_TRY(set_bounds(&r, err));
    tw_status s = tw__text_read(&rows, source, &lines, &r, err);
    if (s == TW_OK) s = number_columns(&r, &schema, err);
    if (source->schema) schema = *source->schema; /* which is not changed */
    if (s == TW_OK && !source->options->unlabelled && (r.are_sets || tw__has_label_sets(&rows)))
        s = tw__label_sets_spread(&rows, &schema, source->schema != NULL, source->paths[0], err);
    if (s == TW_OK) s = tw__row_list_block(out, &rows, source, &schema, err);
    else tw__row_list_free(&rows);
    if (!source->schema) tw__schema_free(&schema, source->ctx);
    return s;
}

static int recognises(const uint8_t *head, size_t n, int whole, const tw__schema *fit)
{
    const size_t mark = tw__mark_length(head, n);
    const char *const text = (const char *)head + mark;
    (void)whole;
    if (tw__is_libsvm(text, n - mark)) return 1;
    return fit && fit->base >= 0 && !fit->n_fields && fit->width > 1 && tw__is_plain_text(&head, &n) &&
           tw__libsvm_is_short(text, n);
}

const tw__reader tw__reader_libsvm = {.name = "libsvm",
                                      .supported = "a LIBSVM file",
                                      .kind = TW_PATH_FILE,
                                      .recognises = recognises,
                                      .read = read_files};
