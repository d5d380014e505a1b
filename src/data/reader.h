/* Readers: each opens one kind of data set, by its name or by the kind of its path. One file each, one line
 * in list.h.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_READER_H
#define TW_DATA_READER_H
#include "data/data.h"

/* A data set to open. */
typedef struct tw__opening {
    tw_context *ctx;
    const char *path; /* or a data set's name */
    const tw_data_options *options;
    int want_train, want_test; /* the parts that are requested */
} tw__opening;

typedef struct tw__reader {
    const char *name;      /* of the one data set that it opens, whatever is on the disk; NULL: paths */
    const char *supported; /* of paths, for messages: "an IDX image file" */
    int kind;              /* of the paths it opens: TW_PATH_DIRECTORY or TW_PATH_FILE; 0 with a name */
    /* Parts that do not exist stay NULL; after an error parts may be there, for the caller to release. */
    tw_status (*open)(tw__parts *to, const tw__opening *opening, tw_error *err);
} tw__reader;

/* "supported: a folder with MNIST's IDX files, ...": what all readers open, for messages. */
enum { TW__SUPPORTED = 256 };
const char *tw__data_supported(char to[TW__SUPPORTED]);

/* idx_directory.c: a folder with MNIST's files, for readers that know where theirs is.
 *
 * The image and label file of one part: *block stays NULL if there is neither. labels_path NULL: the images
 * alone. */
tw_status tw__idx_directory_read(tw__block **block, char labels_path[TW__PATH], tw_context *ctx,
                                 const char *directory, int part, uint64_t most_bytes, tw_error *err);
/* *has: 1 if the folder holds an image file of that part. */
tw_status tw__idx_directory_has(int *has, tw_context *ctx, const char *directory, int part, tw_error *err);
/* The parts that are wanted. */
tw_status tw__idx_directory_open(tw__parts *to, const tw__opening *opening, const char *directory,
                                 tw_error *err);
#endif
