/* What the columns and labels of a file of rows mean: found when training rows are read, kept in the model
 * file, and applied to every other file.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_SCHEMA_H
#define TW_DATA_SCHEMA_H
#include "data/data.h"

enum { TW__MOST_TARGETS = 65535 }; /* columns of labels */

enum tw__column_kind { TW__COLUMN_NUMBER, TW__COLUMN_CATEGORY };

/* One column of the file, in the order of the rows' columns. A category becomes n_levels columns, 1 in that
 * of its level; with hash_bits it has no levels and its texts come to columns behind all numbers. */
typedef struct tw__column {
    char *name; /* NULL: the file has no names */
    int64_t at; /* its place in the training file, from 0 */
    enum tw__column_kind kind;
    char **levels; /* rising by bytes */
    size_t n_levels;
    double fill; /* for a missing value (option `missing`); NaN: there is none */
} tw__column;

/* A column of labels. */
typedef struct tw__label_column {
    char *name; /* NULL: the file has no names */
    int64_t
        at; /* its place in the training file, from 0; of labels that are no columns (label_sets.h) its own */
} tw__label_column;

typedef struct tw__schema {
    size_t width;        /* columns of a row */
    int base;            /* LIBSVM: number of its first column, 0 or 1; -1: not LIBSVM */
    unsigned hash_bits;  /* columns by a hash (hashing.h), of LIBSVM's indices or a table's texts; 0: none */
    tw__column *columns; /* CSV; NULL: all columns are numbers without names */
    size_t n_columns;
    size_t n_fields;          /* CSV: columns of the training file, taken or not; 0: not CSV */
    tw__label_column *labels; /* of several each is a target, in this order */
    size_t n_labels;
    char **classes; /* as the file spells them, in the order of the classes; NULL: real targets, or none */
    int32_t n_classes;
    int64_t image[2]; /* height and width that images are brought to; 0: they stay as they are */
    int is_text;      /* rows are `width` characters of a text, the classes its symbols */
} tw__schema;
#define TW__SCHEMA_INIT \
    {                   \
        .base = -1      \
    }

void tw__schema_free(tw__schema *schema, tw_context *ctx);
void tw__schema_drop_classes(tw__schema *schema, tw_context *ctx);
/* As JSON, freed by tw__free_text; and back. TW_ERR_DATA: not a schema. */
tw_status tw__schema_text(const tw__schema *schema, tw_context *ctx, char **text, tw_error *err);
tw_status tw__schema_read(tw__schema *out, tw_context *ctx, const char *text, tw_error *err);
#endif
