/* Readers: each opens one kind of data set, and says what it knows it by. One file each, one line in list.h.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_READER_H
#define TW_DATA_READER_H
#include "data/data.h"

enum { TW__DATA_PATH = 4096 };

/* What is to be opened. */
typedef struct tw__opening {
    tw_context *ctx;
    const char *path; /* or a data set's name */
    const tw_data_options *options;
    int kind;                  /* of the path: TW_PATH_... */
    int want_train, want_test; /* the parts that anybody asked for */
} tw__opening;

typedef struct tw__reader {
    const char
        *name; /* of the one data set that it opens by its name, whatever is on the disk; NULL: paths */
    const char *supported; /* for the list of what can be opened: "an IDX image file" */
    int kind;              /* of the paths it opens: TW_PATH_DIRECTORY or TW_PATH_FILE; 0 with a name */
    /* Parts that do not exist stay NULL; after an error parts may be there, for the caller to release. */
    tw_status (*open)(tw__parts *to, const tw__opening *opening, tw_error *err);
} tw__reader;

/* A block of dense bytes, which are taken over, with their labels (NULL: none). */
tw_status tw__block_of_bytes(tw__block **out, tw_context *ctx, uint64_t rows, int rank, const int64_t *shape,
                             uint8_t *bytes, int32_t *labels, const char *name, tw_error *err);
/* "supported: a folder with MNIST's IDX files, ...": what all readers open, for messages. */
enum { TW__SUPPORTED = 256 };
const char *tw__data_supported(char to[TW__SUPPORTED]);
/* The folder of a data set with MNIST's files, for readers that know where theirs is. */
tw_status tw__idx_directory_open(tw__parts *to, const tw__opening *opening, const char *directory,
                                 tw_error *err);
#endif
