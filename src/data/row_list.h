/* Rows while they are being read from files: lists that grow, of one piece of a text or of all. Values are in
 * double; what becomes of them is decided when all have been read.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_ROW_LIST_H
#define TW_DATA_ROW_LIST_H
#include "data/reader.h"
#include "data/words.h"

#define TW__NO_LABEL UINT32_MAX
enum { TW__BAD_SHOWN = 3 };

/* {.ctx = ...} is an empty one. Sparse with width 0: row i has the numbers starts[i] to starts[i + 1] - 1.
 * Dense: `width` numbers a row, and neither columns nor starts. */
typedef struct tw__row_list {
    tw_context *ctx;
    size_t width;
    size_t rows, numbers;
    int is_narrow; /* the numbers are in `narrow`, else in x */
    double *x;
    float *narrow;
    uint32_t *columns;
    uint64_t *starts; /* rows + 1 of them, where there are rows */
    uint32_t *label;  /* of each row: its word in `labels`, or TW__NO_LABEL */
    uint64_t *groups;
    double *weights;
    /* NULL, or real targets, n_targets a row: of several columns of labels, which then are in no other list,
     * or in a file that has been converted what its labels are as numbers */
    double *targets;
    size_t n_targets;
    tw__mapped *mapped; /* NULL, or a file that lists may be part of */
    struct {
        size_t x, narrow, columns, starts, label, groups, weights, targets;
    } capacity;                  /* items that fit into each list */
    int has_groups, has_weights; /* else those lists stay empty */
    tw__words labels;
    int may_spool;           /* nothing is done with all rows but to write them, one after the other */
    struct tw__spool *spool; /* NULL, or where the rows are that are not here any more (spool.h) */
    /* NULL, or `width` of them: texts of the columns of a dense table. Where a column has any, x holds their
     * numbers. */
    tw__words *texts;
    uint64_t bad;       /* rows left out */
    uint64_t first_bad; /* their first line, and what was said of the first few */
    char said[TW__BAD_SHOWN][256];
} tw__row_list;

/* Room for so many more rows and numbers, not cleared. */
tw_status tw__row_list_reserve(tw__row_list *table, size_t rows, size_t numbers, tw_error *err);
/* A label of n bytes, and its number among the list's labels; -1: it is a new one. */
typedef struct tw__label {
    const char *text;
    size_t n;
    int64_t word;
} tw__label;
/* Ends a row, whose numbers have been written, and for which there is room. label->text NULL: it has none. */
tw_status tw__row_list_end_row(tw__row_list *table, const tw__label *label, tw_error *err);
/* Turns doubles into floats, if floats hold all of them; and floats into doubles. */
tw_status tw__row_list_narrow(tw__row_list *table, tw_error *err);
tw_status tw__row_list_widen(tw__row_list *table, tw_error *err);
/* Adds the words of `from` to the table's, whose numbers its rows have afterwards. */
tw_status tw__row_list_share_words(tw__row_list *table, tw__row_list *from, tw_error *err);
/* Copies the rows of `from`, of doubles, to `row` and `number` of a table that has room for them. Several
 * threads may copy to different rows. 0: the table is narrow, and floats do not hold all of the numbers. */
int tw__row_list_copy(tw__row_list *table, size_t row, size_t number, const tw__row_list *from);
/* As it was with this many rows and numbers; words stay. */
void tw__row_list_cut(tw__row_list *table, size_t rows, size_t numbers);
/* How many rows there are, and the words of their labels, with those that are spooled. */
size_t tw__row_list_rows(const tw__row_list *table);
const uint32_t *tw__row_list_labels(const tw__row_list *table);
void tw__row_list_clear(tw__row_list *table); /* has neither rows nor words afterwards, but its memory */
void tw__row_list_free(tw__row_list *table);  /* is empty afterwards */

/* What the rows of a source become: a block with labels or targets, of f32 where that holds every value or
 * the options say so, else f64, with the names of the schema's columns. Where the source has a schema, it is
 * this one, and labels belong to its classes; else classes are put into it, and the rest is filled in. Saved
 * where the source says so. The table is empty afterwards; `mapped` is the block's, if there is one.
 * targets.c */
tw_status tw__row_list_block(tw__block **out, tw__row_list *table, const tw__source *source,
                             tw__schema *schema, tw_error *err);
#endif
