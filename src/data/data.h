/* The data behind a tw_data: a block of rows in memory, shared by the views that were cut from it.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_DATA_H
#define TW_DATA_DATA_H
#include <stdatomic.h>
#include <thalweg/data.h>
#include "base/context.h"
#include "file/hash.h"

enum { TW__ROW_MOST_RANK = 4 };
typedef struct tw__block {
    tw_context *ctx;
    atomic_int references; /* views may be freed from different threads */
    /* All rows; the block owns what it points to. classes and class_labels of test rows that were opened with
     * training rows are theirs. */
    tw_data_info all;
    size_t row_bytes; /* of a dense row */
} tw__block;

/* Takes over what `rows` points to (from tw__alloc or alike), also on failure, but for its name. The values
 * have been checked (tw__data_check_rows). */
tw_status tw__block_create(tw__block **out, tw_context *ctx, const tw_data_info *rows, tw_error *err);
void tw__block_release(tw__block *block); /* one reference less; NULL is fine */
/* What a block with these rows would own is freed. */
void tw__data_free_rows(tw_context *ctx, const tw_data_info *rows);
/* TW_ERR_DATA or TW_ERR_SPEC unless every field and number is as tw_data_info says. */
tw_status tw__data_check_rows(const tw_data_info *rows, tw_error *err);
/* Makes the classes of a block those of another one. */
tw_status tw__block_share_classes(tw__block *block, const tw__block *with, tw_error *err);
/* The class of a label; -1: none. */
int32_t tw__block_class(const tw__block *block, int32_t label);
/* of a block that has no views yet; NULL is fine */
void tw__block_drop_labels(tw__block *block);
/* Rows first .. first + n - 1 of the block. */
tw_data_info tw__block_rows(const tw__block *block, uint64_t first, uint64_t n);
/* Hash of everything in the rows but names. */
void tw__data_hash_rows(const tw_data_info *rows, char to[TW__HASH_DIGITS + 1]);
/* A view of rows first .. first + rows - 1 with a reference of its own. */
tw_status tw__data_cut(tw_data **out, tw__block *block, uint64_t first, uint64_t rows, tw_error *err);

/* The two parts of a data set; either may be missing. */
typedef struct tw__parts {
    tw__block *train, *test;                    /* one reference each, the receiver's */
    char train_labels[4096], test_labels[4096]; /* where the labels came from, for messages */
} tw__parts;
enum { TW__PART_TRAIN = 0, TW__PART_TEST = 1 };
/* Cuts train, val and test from the parts; outs that are NULL are not wanted. */
tw_status tw__data_split(const tw__parts *parts, double val, uint64_t limit, tw_data **train,
                         tw_data **val_out, tw_data **test, tw_error *err);

/* The image and label file of one part of a folder: *block stays NULL if there is neither. labels_path NULL:
 * the images alone. */
tw_status tw__directory_read(tw__block **block, char labels_path[4096], tw_context *ctx,
                             const char *directory, int part, uint64_t most_bytes, tw_error *err);
/* 1 if the folder holds an image file of that part. */
tw_status tw__directory_has(int *has, tw_context *ctx, const char *directory, int part, tw_error *err);
#endif
