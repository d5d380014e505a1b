/* Rows on their way into a file that need not fit into memory: their lists stand in a file each, beside the
 * one that is written, are mapped once all rows are there, and are gone afterwards.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_SPOOL_H
#define TW_DATA_SPOOL_H
#include "base/io.h"
#include "data/row_list.h"

enum tw__spooled {
    TW__SPOOL_X,
    TW__SPOOL_COLUMNS,
    TW__SPOOL_STARTS,
    TW__SPOOL_LABEL,
    TW__SPOOL_GROUPS,
    TW__SPOOL_WEIGHTS,
    TW__SPOOL_TARGETS,
    TW__SPOOL_LISTS
};

typedef struct tw__spool {
    tw_context *ctx;
    size_t rows, numbers;
    uint32_t first_column; /* to be taken off from every column */
    int is_narrow;         /* floats hold all numbers */
    tw__writer file[TW__SPOOL_LISTS];
    tw__mapped list[TW__SPOOL_LISTS]; /* once it is whole; x: doubles */
} tw__spool;

/* Files are named after `path`. */
tw_status tw__spool_create(tw__spool **out, tw_context *ctx, const char *path, tw_error *err);
void tw__spool_free(tw__spool *s); /* NULL is fine */
/* Moves the rows of a table, which are doubles, to the files. */
tw_status tw__spool_take(tw__spool *s, tw__row_list *t, tw_error *err);
/* Takes the last rows of it, and maps the lists. */
tw_status tw__spool_end(tw__spool *s, tw__row_list *t, tw_error *err);
/* Targets of all rows, n of each, from the words of their labels, once the lists are there: `set` fills in
 * those of a row, which are zeros. */
tw_status tw__spool_make_targets(tw__spool *s, size_t n,
                                 void (*set)(const void *user, uint32_t label, double *to), const void *user,
                                 tw_error *err);
#endif
