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
    tw_type type;
    int rank; /* of one row */
    int64_t shape[TW__ROW_MOST_RANK];
    uint64_t rows;
    size_t row_bytes;
    uint8_t *x;
    int32_t *labels;       /* NULL: none */
    int32_t classes;       /* different labels; in test rows opened with training rows: of these */
    int32_t *class_labels; /* the label of each class, rising; NULL: 0 to classes - 1 */
    char *name;
} tw__block;

/* Takes x (rows x shape, from tw__alloc or alike) and labels (NULL or `rows` of them) over, also on
 * failure. */
tw_status tw__block_create(tw__block **out, tw_context *ctx, tw_type type, uint64_t rows, int rank,
                           const int64_t *shape, uint8_t *x, int32_t *labels, const char *name,
                           tw_error *err);
void tw__block_release(tw__block *block); /* one reference less; NULL is fine */
/* A view of rows first .. first + rows - 1 with a reference of its own. */
tw_status tw__data_cut(tw_data **out, tw__block *block, uint64_t first, uint64_t rows, tw_error *err);
/* Hash of type, shape, rows and labels. */
void tw__block_hash(const tw__block *block, uint64_t first, uint64_t rows, char to[TW__HASH_DIGITS + 1]);

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
/* of a block that has no views yet; NULL is fine */
void tw__block_drop_labels(tw__block *block);
/* 1 if the folder holds an image file of that part. */
tw_status tw__directory_has(int *has, tw_context *ctx, const char *directory, int part, tw_error *err);
#endif
