/* The data behind a tw_data: a block of rows in memory, shared by the views that were cut from it.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_DATA_H
#define TW_DATA_DATA_H
#include <stdatomic.h>
#include <thalweg/data.h>
#include "base/io.h"
#include "file/hash.h"
#include "file/mapped.h"

enum { TW__ROW_MOST_RANK = 4 };
typedef struct tw__block {
    tw_context *ctx;
    atomic_int references; /* views may be freed from different threads */
    /* All rows; the block owns what it points to. classes and class_labels of test rows that were opened with
     * training rows are theirs. */
    tw_data_info all;
    tw__mapped mapped;                     /* a file that some of them are part of, or {NULL} */
    char fingerprint[TW__HASH_DIGITS + 1]; /* of all rows, where it is known already, or "" */
} tw__block;

/* Numbers of a dense row, and numbers in x, of rows that are there. */
size_t tw__data_width(const tw_data_info *rows);
size_t tw__data_numbers(const tw_data_info *rows);
size_t tw__data_labels_of_row(const tw_data_info *rows);
size_t tw__data_labels(const tw_data_info *rows); /* of all rows */
/* TW_ERR_DATA or TW_ERR_SPEC unless every field and number is as tw_data_info says. */
tw_status tw__data_check_rows(const tw_data_info *rows, tw_error *err);
/* Hash of everything in the rows but names. block: what they are part of, or NULL. */
void tw__data_hash_rows(const tw_data_info *rows, tw__block *block, char to[TW__HASH_DIGITS + 1]);
/* Frees what a block with these rows would own, but for what is part of a mapped file (NULL: nothing is). */
void tw__data_free_rows(tw_context *ctx, const tw_data_info *rows, const tw__mapped *mapped);

/* Takes over what `rows` points to (from tw__alloc or alike), also on failure, but for its name; and, unless
 * it fails, the file that some of it may be part of (NULL: there is none). The values have been checked
 * (tw__data_check_rows). */
tw_status tw__block_create(tw__block **out, tw_context *ctx, const tw_data_info *rows,
                           const tw__mapped *mapped, tw_error *err);
/* A block of dense bytes, which are taken over, with their labels (NULL: none). */
tw_status tw__block_of_bytes(tw__block **out, tw_context *ctx, uint64_t rows, int rank, const int64_t *shape,
                             uint8_t *bytes, int32_t *labels, const char *name, tw_error *err);
void tw__block_release(tw__block *block); /* one reference less; NULL is fine */
/* Makes the classes of a block those of another one. */
tw_status tw__block_share_classes(tw__block *block, const tw__block *with, tw_error *err);
/* The class of a label; -1: none. */
int32_t tw__block_class(const tw__block *block, int32_t label);
/* of a block that has no views yet; NULL is fine */
void tw__block_drop_labels(tw__block *block);
/* Rows first .. first + n - 1 of the block. */
tw_data_info tw__block_rows(const tw__block *block, uint64_t first, uint64_t n);
/* A view of rows first .. first + rows - 1 with a reference of its own. */
tw_status tw__data_cut(tw_data **out, tw__block *block, uint64_t first, uint64_t rows, tw_error *err);

uint64_t tw__data_rows(const tw_data *data); /* NULL has none */
/* Bytes of a file's rows that may be in memory at a time; 0: all of them. Counts n bytes that have been read;
 * those of a row. */
size_t tw__data_window(const tw_data *data);
void tw__data_touch(const tw_data *data, size_t n);
size_t tw__data_row_bytes(const tw_data_info *rows, uint64_t row);
/* folds.c: the rows of a fold (tw_data_folds), or with of_fold 0 all others. */
tw_status tw__data_take_fold(tw_context *ctx, const tw_data *data, const uint32_t *folds, uint64_t fold,
                             int of_fold, tw_data **out, tw_error *err);

/* The two parts of a data set; either may be missing. */
typedef struct tw__parts {
    tw__block *train, *test;                            /* one reference each, the receiver's */
    char train_labels[TW__PATH], test_labels[TW__PATH]; /* where the labels came from, for messages */
    uint64_t val_rows; /* validation rows, drawn, at the end of train; 0: they are cut off by `val` */
} tw__parts;
enum { TW__PART_TRAIN = 0, TW__PART_TEST = 1 };
/* Cuts train, val and test from the parts; outs that are NULL are not wanted. */
tw_status tw__data_split(const tw__parts *parts, double val, uint64_t limit, tw_data **train,
                         tw_data **val_out, tw_data **test, tw_error *err);
#endif
