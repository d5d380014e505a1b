/* Tables as text, CSV and its kin: fields between commas, semicolons, tabs or spaces, some of them in quotes
 * (RFC 4180), a header or none. csv_head.c finds out how a file is written, csv_columns.c what its columns
 * are for, csv_labels.c which of them are labels, csv.c reads its rows, csv_levels.c turns texts into columns
 * of 0 and 1, and csv_sparse.c makes sparse rows.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_CSV_H
#define TW_DATA_CSV_H
#include <stdatomic.h>
#include "base/names.h"
#include "data/text.h"

enum {
    TW__CSV_TEXT = 1000,          /* most bytes of a text that is a label, a level or a name */
    TW__CSV_DENSE_LEVELS = 1000,  /* of all columns of a table whose rows are dense */
    TW__CSV_MOST_LEVELS = 100000, /* of a column */
    TW__CSV_MOST_NAMES = 200000,  /* of a column of option categories */
    TW__CSV_SHOWN = 64            /* bytes of a text in a message */
};

/* ---- fields -------------------------------------------------------------------------------------------- */

/* A field of a text, without its quotes or the spaces around it. */
typedef struct tw__csv_field {
    const char *at;
    size_t n;
    int has_doubled; /* quotes that are doubled, and stand for one */
    int is_last;     /* of its row */
} tw__csv_field;

static inline int tw__csv_is_blank(char c, char separator)
{
    return c == ' ' || (c == '\t' && separator != c);
}
static inline const char *tw__csv_skip(const char *p, const char *end, char separator)
{
    while (p < end && tw__csv_is_blank(*p, separator)) p++;
    return p;
}
static inline int tw__csv_is_end(const char *p, const char *end)
{
    return p == end || *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] == '\n'));
}
/* Behind the end of a line. */
static inline const char *tw__csv_next_line(const char *p, const char *end)
{
    return p == end ? p : p + 1 + (*p == '\r' && p + 1 < end);
}

/* Takes the field at *at, and moves *at to the next one or to the line's end. separator ' ': runs of spaces
 * and tabs. Returns NULL, or what is wrong with the field, and moves *at to where. */
const char *tw__csv_take(tw__csv_field *field, const char **at, const char *end, char separator);
/* tw__text_format.cut; user: a tw__csv. */
size_t tw__csv_cut(const void *user, const char *text, size_t n, size_t least);
/* Empty, NA, N/A, nan, null (in letters of either case) or ?. */
int tw__csv_is_missing(const tw__csv_field *field);
/* 1: it is a number, which a double may or may not hold; end: of the text that holds the field. */
int tw__csv_is_number(const tw__csv_field *field, const char *end, double *x);
/* Its text; quotes are no longer doubled. NULL, or what is wrong with it. */
const char *tw__csv_text(const tw__csv_field *field, char to[TW__CSV_TEXT + 1], size_t *n);
/* For a message. */
const char *tw__csv_show(const tw__csv_field *field, char to[TW__CSV_SHOWN]);

/* ---- the beginning of a file --------------------------------------------------------------------------- */

/* Finds the separator and the number of columns of a text of n bytes, the first of a file or (`whole`) all of
 * it. 1: it looks like a table. */
int tw__csv_layout(const char *text, size_t n, int whole, char *separator, size_t *columns);

/* What a field is. Words for the infinite and numbers with a decimal comma are numbers, though none that is
 * taken. */
enum tw__csv_kind { TW__CSV_MISSING, TW__CSV_NUMBER, TW__CSV_OTHER };

enum tw__csv_role {
    TW__CSV_SKIP,
    TW__CSV_FEATURE,
    TW__CSV_CATEGORY,
    TW__CSV_LABEL,
    TW__CSV_WEIGHT,
    TW__CSV_GROUP
};

/* A column of the file that is being read. */
typedef struct tw__csv_column {
    enum tw__csv_role role;
    uint32_t to; /* of the table; with hash_bits a category's is its place in the schema; a label's number */
    int may_miss;
    double fill;                   /* of the training rows, where they are given */
    enum tw__csv_kind first;       /* in the first row */
    uint64_t n[TW__CSV_OTHER + 1]; /* of each kind, in the other rows of the file's beginning */
} tw__csv_column;

enum tw__csv_policy { TW__CSV_REFUSE, TW__CSV_ZERO, TW__CSV_MEAN, TW__CSV_LEAVE_OUT };

/* Sums, so that it does not matter in which order threads add to them. */
typedef struct tw__csv_found {
    _Atomic uint64_t missing, left_out; /* values; rows without one */
} tw__csv_found;

typedef struct tw__csv {
    const tw__source *source;
    tw__row_list *to;
    tw__schema *schema;
    int is_given; /* the schema is that of the training rows; else the first file makes it */
    int is_made;  /* it is there */
    enum tw__csv_policy policy;
    tw__csv_found *found;
    size_t last_labels; /* the last columns of training rows, if no option names the labels; 0 counts as 1 */
    unsigned hash_bits; /* rows are sparse: numbers, then 2^hash_bits columns of texts; 0: they are dense */
    size_t n_numbers;   /* with hash_bits: columns of numbers */

    /* Of the file that is being read. */
    const char *path;
    char separator;
    size_t n;
    tw__csv_column *columns;
    tw__words names; /* name i is that of column i; empty without a header */
} tw__csv;

/* Begins and ends the reading of a table, also of one that is no text: afterwards `found`, `rows` and
 * `schema` are empty, and *out holds the rows unless `s` or the call itself is an error. */
void tw__csv_start(tw__csv *csv, const tw__source *source, tw__row_list *rows, tw__schema *schema,
                   tw__csv_found *found);
tw_status tw__csv_end(tw__csv *csv, tw_status s, tw__block **out, tw_error *err);
/* Reads option missing, and refuses those of other formats. */
tw_status tw__csv_policy(tw__csv *csv, tw_error *err);
/* Reads the first bytes of a file: its separator, its header, and what its columns hold. *used: bytes of the
 * header and before it. */
tw_status tw__csv_begin(tw__csv *csv, const char *text, size_t n, int whole, size_t *used, tw_error *err);
/* Makes n columns without roles, in place of those of the file before. */
tw_status tw__csv_columns(tw__csv *csv, size_t n, tw_error *err);
/* Gives each column its role: makes the schema, or follows it. */
tw_status tw__csv_assign(tw__csv *csv, tw_error *err);
/* The column that an option names or counts. */
tw_status tw__csv_find(const tw__csv *csv, const char *option, tw__text name, size_t *at, tw_error *err);
/* Cuts the next name off a list such as "age 3-7 -1": up to a space or comma, or in double quotes. 0: the list
 * has ended. The columns that a name names, *first to *last. */
int tw__csv_cut_name(tw__text *name, const char **list);
tw_status tw__csv_find_range(const tw__csv *csv, const char *option, tw__text name, size_t *first,
                             size_t *last, tw_error *err);
/* Gives a column a role, which it must not have already. */
tw_status tw__csv_take_role(tw__csv *csv, const char *option, size_t at, enum tw__csv_role role,
                            tw_error *err);
/* Name of column i; NULL: it has none. */
const char *tw__csv_name_at(const tw__csv *csv, size_t i);
/* 1: the text is the name of a column. */
int tw__csv_has_name(const tw__csv *csv, const char *name, size_t *at);
/* `column 3 "age"`, for a message. */
enum { TW__CSV_NAME = 96 };
const char *tw__csv_name(const tw__csv *csv, size_t column, char to[TW__CSV_NAME]);

/* csv_labels.c: columns of labels. Of training rows, by option label; of rows that fit the schema, by their
 * names, or by their places, where `last` is the label of rows that have no columns in the schema. Several
 * become targets. */
tw_status tw__csv_find_labels(tw__csv *csv, tw_error *err);
tw_status tw__csv_match_labels(tw__csv *csv, tw_error *err);
tw_status tw__csv_place_labels(tw__csv *csv, size_t last, tw_error *err);
/* 1: option label names a column like this, alone or in its list. */
int tw__csv_is_label(const tw__csv *csv, tw__text name);

/* When all rows have been read: missing values are filled in, and texts become columns. */
tw_status tw__csv_finish(tw__csv *csv, tw_error *err);

/* csv_sparse.c: numbers what the columns have in a table of hash_bits, once they have their roles. */
tw_status tw__csv_number(tw__csv *csv, tw_error *err);
/* The column of a text of n bytes that is in this column, and the number there, 1 or -1: by the hash of
 * "town=Basel", where columns have no names of "2=Basel". */
uint32_t tw__csv_hash(const tw__csv *csv, const tw__column *column, const char *text, size_t n, double *sign);
/* Puts means in the place of missing values of rows with hash_bits. */
tw_status tw__csv_fill_sparse(const tw__csv *csv, tw_error *err);
/* Makes sparse rows of dense ones, in which columns of texts hold the numbers of their words. levels[i]: the
 * level of each word of column i, or -1. */
tw_status tw__csv_expand_sparse(const tw__csv *csv, int32_t *const *levels, tw_error *err);
/* Sets what is put in the place of missing values: sum / n. TW_ERR_DATA: n is 0, or it is too large. */
tw_status tw__csv_mean(const tw__csv *csv, tw__column *column, double sum, uint64_t n, tw_error *err);
#endif
