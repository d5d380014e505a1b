/* Readers: each opens one kind of data set, by its name or by the kind of its path. One file each, one line
 * in list.h.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_READER_H
#define TW_DATA_READER_H
#include "data/schema.h"
#include "file/archive.h"

enum { TW__HEAD = 1 << 16 };

/* A data set to open. */
typedef struct tw__opening {
    tw_context *ctx;
    const char *path; /* or a data set's name */
    const tw_data_options *options;
    int want_train, want_test; /* the parts that are requested */
    struct tw__saving *save;   /* NULL, or where the rows are written to */
} tw__opening;

/* A file that the rows are written to as well (twd.h). */
typedef struct tw__saving {
    const char *path;
    struct tw__stamp *stamps; /* of the sources */
    int is_done;              /* by a reader that can */
    const char *how;          /* NULL, or what tw__source.how will ask for */
    /* NULL, or how a source is opened that turns out to be converted rows, which are not saved again */
    const tw_data_options *otherwise;
} tw__saving;

/* Files with the rows of one part, one after the other. */
typedef struct tw__source {
    tw_context *ctx;
    const tw_data_options *options;
    const char *const *paths;
    size_t n;
    tw__stream *first; /* paths[0], open, from its start on; the reader's to read and the caller's to close */
    /* What the rows must fit, as the training rows or a model have it; NULL: they are the training rows. */
    const tw__schema *schema;
    tw__saving *save; /* or NULL */
    const char *how;  /* NULL, or a hash of the way in which converted rows must have been made */
} tw__source;

/* Option categories: all columns of a table in text, or those that it names. */
static inline int tw__all_are_categories(const tw_data_options *o)
{
    return o->categories && o->categories[0] == '*' && !o->categories[1];
}
static inline int tw__some_are_categories(const tw_data_options *o)
{
    return o->categories && !tw__all_are_categories(o);
}

typedef struct tw__reader {
    /* of the one data set that it opens, whatever is on the disk; or of a format of files (--format) */
    const char *name;
    /* of paths, for messages: "an IDX image file"; NULL, of a directory: its files are told */
    const char *supported;
    int kind;      /* of the paths it opens: TW_PATH_DIRECTORY or TW_PATH_FILE; 0: a data set */
    int of_texts;  /* it takes the option length */
    int of_images; /* it takes the option image_size */
    /* Directories: *is = 1 if this is one of those that it opens. */
    tw_status (*holds)(int *is, tw_context *ctx, const char *directory, tw_error *err);
    /* Data sets and directories. Parts that do not exist stay NULL; after an error parts may be there, for
     * the caller to release. */
    tw_status (*open)(tw__parts *to, const tw__opening *opening, tw_error *err);
    /* Files: whether one begins like this; n: TW__HEAD, or less where it is `whole`. fit: what its rows must
     * fit (tw__source.schema), or NULL. */
    int (*recognises)(const uint8_t *head, size_t n, int whole, const tw__schema *fit);
    /* Files: their rows. The block has a schema (tw_data_info.schema). */
    tw_status (*read)(tw__block **out, const tw__source *source, tw_error *err);
} tw__reader;

/* The next file of a source: its stream, which the caller closes by tw__source_close. */
tw_status tw__source_open(const tw__source *source, size_t i, tw__stream **stream, tw_error *err);
void tw__source_close(const tw__source *source, tw__stream *stream);

/* The rows of a file that is a data set, read as the options say. */
tw_status tw__data_read_file(tw__block **out, const tw__opening *o, const char *path, tw_error *err);

/* TW_ERR_SPEC: an option says how files of rows are read, and path is none. */
tw_status tw__refuse_row_options(const tw_data_options *options, const char *path, tw_error *err);

/* "supported: a folder with MNIST's IDX files, ...": what all readers open, for messages. */
enum { TW__SUPPORTED = 320 };
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
