/* Rows while they are being read from files: lists that grow, of one piece of a text or of all. Values are in
 * double; what becomes of them is decided when all have been read.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_TABLE_H
#define TW_DATA_TABLE_H
#include "data/schema.h"
#include "data/words.h"

#define TW__NO_LABEL UINT32_MAX
enum { TW__BAD_SHOWN = 3 };

/* {.ctx = ...} is an empty one. Sparse with width 0: row i has the numbers up to ends[i]. Dense: `width`
 * numbers a row. */
typedef struct tw__table {
    tw_context *ctx;
    size_t width;
    size_t rows, numbers;
    double *x;
    uint32_t *columns;
    uint64_t *ends;
    uint32_t *label; /* of each row: its word in `labels`, or TW__NO_LABEL */
    uint64_t *groups;
    double *weights;
    size_t number_capacity, row_capacity; /* of x and columns; of what there is one of for each row */
    int has_groups, has_weights;          /* else those lists are not there */
    tw__words labels;
    tw__words *categories; /* dense, or NULL: of each column; x then holds a word's number where `words` says so */
    const uint8_t *is_category; /* by column; the reader's */
    uint64_t bad;               /* rows left out */
    uint64_t first_bad;         /* their first line, and what was said of the first few */
    char said[TW__BAD_SHOWN][256];
} tw__table;

/* Room for so many more rows and numbers, of which x and columns are not cleared. */
tw_status tw__table_reserve(tw__table *table, size_t rows, size_t numbers, tw_error *err);
/* Adds the rows of `from`, and its words. */
tw_status tw__table_append(tw__table *table, const tw__table *from, tw_error *err);
void tw__table_free(tw__table *table); /* is empty afterwards */

/* What the rows become: a block with labels or targets, of f32 where that holds every value or the options
 * say so, else f64. Takes what is in the table, also on failure, and leaves it empty. `schema` is filled in
 * (width, classes) where it is new, else it decides. */
tw_status tw__table_block(tw__block **out, tw__table *table, const tw_data_options *options,
                          tw__schema *schema, const char *name, tw_error *err);
#endif
