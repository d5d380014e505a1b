/* libthalweg-train. Data sets: rows of numbers with labels, from files or from memory.
 * Link: cc program.c $(pkg-config --cflags --libs thalweg-train), or CMake's target thalweg::train.
 * SPDX-License-Identifier: MIT
 *
 *     #include <stdio.h>
 *     #include <thalweg/data.h>
 *
 *     int main(void)      // makes 400 digits and 100 to test on, and keeps a quarter for validation
 *     {
 *         tw_data_options options = TW_DATA_OPTIONS_INIT;
 *         options.val = 0.25;
 *         tw_context *ctx = NULL;
 *         tw_data *train = NULL, *val = NULL, *test = NULL;
 *         tw_data_info info = {.size = sizeof info};
 *         tw_error err;
 *         tw_status s = tw_context_create(&ctx, NULL, &err);
 *         if (s == TW_OK) s = tw_data_make_digits(ctx, "images", 1, 400, 100, &err);
 *         if (s == TW_OK) s = tw_data_open(ctx, "images", &options, &train, &val, &test, &err);
 *         if (s == TW_OK) s = tw_data_info_get(train, &info, &err);
 *         const int rows = (int)info.rows, height = (int)info.shape[0], width = (int)info.shape[1];
 *         if (s == TW_OK) printf("%d rows of %dx%d\n", rows, height, width);      // prints 300 rows of 28x28
 *         else fprintf(stderr, "%s\n", err.message);
 *         tw_data_free(train);
 *         tw_data_free(val);
 *         tw_data_free(test);
 *         tw_context_free(ctx);
 *         return s != TW_OK;
 *     }
 *
 * A tw_data does not change after its creation; any number of threads may read it at once. */
#ifndef THALWEG_DATA_H
#define THALWEG_DATA_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_data tw_data;

/* The content of a data set, or rows in memory to make one of (tw_data_create). Pointers that the library
 * fills in are valid as long as the tw_data; the memory behind them must not be written. */
typedef struct tw_data_info {
    /* sizeof(tw_data_info), set by the caller */
    size_t size;
    uint64_t rows;
    /* of one row: 2 or 3 for images (height, width[, channels]), 1 for vectors */
    int rank;
    int64_t shape[4]; /* of one row, `rank` lengths */
    /* of x: TW_U8, which networks divide by 255, TW_F32 or TW_F64 */
    tw_type type;
    /* dense: the rows, one after the other, the last dimension innermost. Sparse: see starts */
    const void *x;
    /* label of each row, from 0 on; NULL: none. See n_labels */
    const int32_t *labels;
    /* different labels, those of the training rows; 0 without labels */
    int32_t classes;
    const char *name; /* where it came from, for messages */
    /* hash of everything but the names, 32 hex digits */
    const char *fingerprint;
    /* the label of each class, rising; NULL: 0 to classes - 1 */
    const int32_t *class_labels;
    /* NULL: dense. Else compressed sparse rows, of rank 1: row i has the numbers x[k] in the columns
     * columns[k], starts[i] <= k < starts[i + 1], and 0 elsewhere. Columns rise within a row; starts has rows
     * + 1 numbers */
    const uint64_t *starts;
    const uint32_t *columns;
    /* real targets, n_targets per row, row by row; NULL: none. Rows have labels or targets, not both */
    const double *targets;
    size_t n_targets;
    const double *weights;           /* one per row, above 0; NULL: 1 each */
    const uint64_t *groups;          /* rows of one group belong together (folds, queries); NULL: none */
    const char *const *column_names; /* shape[0] of them, of rank 1; NULL: none */
    const char *const *class_names;  /* `classes` of them; NULL: classes are numbers, class_labels */
    /* What columns and labels mean, for other files of such rows (tw_data_options); NULL: nothing to say */
    const char *schema;
    uint64_t left_out; /* bad rows of the files, which `skip_bad` allowed */
    /* what the file calls the first column, where columns have no names: 0 or 1; 0 also for rows from
     * memory */
    int first_column;
    /* labels of a row, one after the other in `labels`; 0 counts as 1. More than one: each row is the next
     * piece of one long sequence, such as a text, and has a label at each of its times; validation rows are
     * the last ones */
    size_t n_labels;
    /* n_targets of them, where there are several: of the columns of labels, or the labels themselves of which
     * a row of a LIBSVM file has any number, with the target 1 where it has one and 0 elsewhere; NULL: none
     */
    const char *const *target_names;
} tw_data_info;
/* Fills in what info->size has room for. TW_ERR_SPEC: info->size was not set. */
TW_API tw_status tw_data_info_get(const tw_data *data, tw_data_info *info, tw_error *err);

/* AUTO: classes if the labels are words, or whole numbers of which there are two, or at most 1,000 and half
 * as many as rows; else real targets. */
enum tw_targets { TW_TARGETS_AUTO, TW_TARGETS_CLASSES, TW_TARGETS_REALS };

/* How to open a data set. */
typedef struct tw_data_options {
    size_t size; /* sizeof(tw_data_options) */
    /* share of the training rows kept for validation, [0, 1) */
    double val;
    /* use only the first so many training rows, after `val` is cut off; 0: all */
    uint64_t limit;
    /* directory for generated data; "digits" needs it */
    const char *cache;
    /* directory of data sets, where "mnist" is looked for; NULL: none */
    const char *home;
    /* limit for an unpacked file; 0: 64 GiB */
    uint64_t most_bytes;
    /* 1: without labels; their files are not opened and may be missing, and rows of tables without a column
     * of labels are training rows */
    int unlabelled;

    /* Files of rows (docs/data.md). */

    /* name of a format, for all files: "libsvm", "csv", "npy", "twd", "idx", "cifar10", "image", "text"; NULL: by
     * content, where a text is one if the model was trained on one */
    const char *format;
    /* more files of the rows that `path` begins, and files of test rows, one in a line; NULL: none */
    const char *more, *test;
    /* columns by their names or numbers (1: the first; -1: the last): of labels or targets, where several
     * ("y1,y2" or "3-5") are the row's targets in this order; of weights; of groups; NULL: the last one, none,
     * and none */
    const char *label, *row_weight, *group_by;
    /* the only columns to take, or those to leave out: "a b 3-7"; NULL: all, and none */
    const char *columns, *without;
    /* a missing value, empty, NA, N/A, nan, null or ?: "error" (NULL), "zero", "mean" of its column, "skip"
     * (the row is left out) */
    const char *missing;
    /* LIBSVM: number of the first column, "0" or "1"; NULL: 0 if an index 0 occurs, else 1 */
    const char *index_base;
    /* LIBSVM: columns of a row, at least as many as occur; 0: as many as occur */
    uint64_t features;
    /* so many bad rows may be left out, with a warning; one more is an error */
    uint64_t skip_bad;
    /* what labels are: classes or numbers */
    enum tw_targets targets;
    /* TW_F32 or TW_F64: of x; 0: TW_F32 if that holds every value, else TW_F64 */
    tw_type type;
    /* of the draw of validation rows, of each class the same share; rows of a group stay together */
    uint64_t seed;
    /* tw_data_info.schema of the rows that a model was trained on: columns are found by their names, in any
     * order, and labels belong to its classes; `columns` and `without` are refused. NULL: these are the
     * training rows */
    const char *schema;

    /* Not NULL: rows stay in files of converted rows, of which about `window` bytes (0: TW_STREAM_WINDOW) are
     * in memory at a time. Files of other rows are converted first: `path` to a file with the name `stream`
     * and ".twd", `test` to one with ".test.twd", unless these were made of the same files in the same way
     * ("": TW_ERR_SPEC). Share `val` is that of the last rows, whatever their classes. TW_ERR_SPEC: converted
     * rows that are packed; rows of groups with `val`; a data set that is no file of rows. */
    const char *stream;
    uint64_t window;
    /* 2^hash_bits columns, 1 to 30, to which LIBSVM's features come by a hash of their index, without
     * features and index_base, or the texts of a table by one of "column=text", behind the columns of
     * numbers; some come to the same one (docs/data.md). 0: a column for each index, or for each text */
    uint64_t hash_bits;
    /* format "text" and "tinyshakespeare": characters in a row, 2 or more; 0: 64 */
    uint64_t length;
    /* Tables in text: columns, named as in `columns`, that hold names and not numbers, whatever they look
     * like, such as those of users, at most 200,000 in each; "*": every column that is taken, and rows are
     * sparse (other formats ignore it). NULL: columns of texts */
    const char *categories;
    /* PNG and JPEG images: "HxW", to which all are scaled that have another size: bilinearly where they grow,
     * by a triangle over the pixels that one covers where they shrink (docs/data.md). A model's schema has
     * it. NULL: all must have one size, or are scaled as the schema says */
    const char *image_size;
    /* 1: rows of several labels or columns of targets are refused as soon as there are any, as every model
     * but a network learns one of each row (tw_model_needs); 0: what labels are decides (`targets`) */
    int one_target;
} tw_data_options;
#define TW_STREAM_WINDOW ((uint64_t)64 << 20)
#define TW_DATA_OPTIONS_INIT            \
    {                                   \
        .size = sizeof(tw_data_options) \
    }

/* Opens `path`: a directory with IDX files of MNIST's names, plain or compressed, where train-* becomes train
 * and its last share val, and t10k-* test; one IDX image file (test only, without labels); a directory with
 * CIFAR-10's binary files, where data_batch_* become train and its last share val, and test_batch test; a
 * directory of PNG and JPEG images, in one directory for each class (docs/data.md); single images (test only,
 * without labels); a LIBSVM, CSV, TSV, npy, npz or CIFAR-10 file of rows, or one of converted rows: training
 * rows, of which a share is drawn for val, or test rows where only those are wanted or there are no labels;
 * "digits", generated into the cache at first use; "sparse" and "ratings", generated; "mnist" and "tinyshakespeare", in
 * `home`. A text (format "text") becomes one sequence (tw_data_info.n_labels), of whose rows the last are val;
 * classes are its characters, and the label at each time is the character that follows. options NULL: all
 * defaults. An output that is NULL is not wanted, and its files are not read; one that the data set does not
 * have becomes NULL, which is no error. TW_ERR_NOT_FOUND: no such file or directory, or no known files in it;
 * TW_ERR_DATA: a malformed file, with its name and the line or byte; test rows of another shape, or with a
 * label that no training row has. TW_ERR_SPEC: an option, or `val` leaves no row on one side. */
TW_API tw_status tw_data_open(tw_context *ctx, const char *path, const tw_data_options *options,
                              tw_data **train, tw_data **val, tw_data **test, tw_error *err);
/* Writes the rows of files, which options (NULL: all defaults) name as for tw_data_open, to a file `out` that
 * opens at once: it is mapped and not parsed, and its numbers are read when they are used. It opens as the
 * files did, for any model, on machines of the same byte order; options that say how files are read are
 * fixed. As long as the files are where they were it is refused (TW_ERR_DATA) once their content has changed.
 * TW_ERR_SPEC: val, limit, test or unlabelled is set, or these are no files of rows that can be converted. */
TW_API tw_status tw_data_convert(tw_context *ctx, const char *path, const tw_data_options *options,
                                 const char *out, tw_error *err);
/* Rows from memory, all copied: at least one row, of `rank` lengths (1 to 4) in `shape`. Fields that are 0 or
 * NULL are not there; `fingerprint` and `class_labels` are not read, nor is `classes` without class_names, as
 * they follow from the labels. name NULL: "memory". TW_ERR_DATA: a number that is not finite, a negative
 * label or one that has no name, a weight that is not above 0, columns that do not rise, with the row;
 * TW_ERR_SPEC: type, shape, or fields that exclude each other. */
TW_API tw_status tw_data_create(tw_data **out, tw_context *ctx, const tw_data_info *rows, tw_error *err);
/* Rows first .. first + rows - 1 of a data set as another data set, which shares its memory and classes:
 * `data` may be freed before it. TW_ERR_SPEC: there are no such rows, or none. */
TW_API tw_status tw_data_slice(tw_data **out, const tw_data *data, uint64_t first, uint64_t rows,
                               tw_error *err);
/* Rows rows[0], rows[1], ... of a data set as another data set, with a copy of them and all its classes.
 * TW_ERR_SPEC: there are no such rows, or none. */
TW_API tw_status tw_data_take(tw_data **out, tw_context *ctx, const tw_data *data, const uint64_t *rows,
                              uint64_t n, tw_error *err);
/* Cuts the rows into folds for cross-validation: fold[i], from 0 on, is that of row i. Drawn from `seed` and
 * nothing else, of each class the same share in every fold; rows of one group are in one fold, where each
 * group, the largest first, goes to the fold with the fewest rows. TW_ERR_SPEC, with both numbers: a class
 * has fewer rows, or the data fewer groups, than there are folds; less than 2 folds. */
TW_API tw_status tw_data_folds(tw_context *ctx, const tw_data *data, uint64_t folds, uint64_t seed,
                               uint32_t *fold, tw_error *err);
/* The numbers in one column, over all rows, zeros included. */
typedef struct tw_data_column {
    uint64_t nonzero;                        /* how many are not 0 */
    double least, greatest, mean, deviation; /* the deviation is the root of the mean square of x - mean */
} tw_data_column;
/* Fills in one entry for each number of a row: shape[0] of them for vectors. */
TW_API tw_status tw_data_columns(const tw_data *data, tw_data_column *columns, tw_error *err);
/* Name of data set i, which tw_data_open opens by its name; NULL after the last. */
TW_API const char *tw_data_set(size_t i);
TW_API int tw_data_is_set(const char *name); /* 1: one of them */
/* Name of format i of files, for tw_data_options; NULL after the last. */
TW_API const char *tw_data_format(size_t i);
/* Compares the numbers of converted rows with the hash that was written with them, where they are used as it
 * was taken: with labels or targets as without a model. Other rows are right. TW_ERR_DATA: they are
 * damaged. */
TW_API tw_status tw_data_check(const tw_data *data, tw_error *err);
TW_API void tw_data_free(tw_data *data); /* NULL is allowed */

/* Draws `train` and `test` digits of 28x28 bytes from `seed`, the same on every machine, and writes them as
 * four IDX files of MNIST's names into `directory`, which is made if it is missing; files of these names are
 * replaced. tw_data_open of "digits" draws 60,000 and 10,000 with seed 0. TW_ERR_SPEC: not 1 to 2^31 - 1
 * images; TW_ERR_SYSTEM: a file cannot be written, and earlier ones may be there. */
TW_API tw_status tw_data_make_digits(tw_context *ctx, const char *directory, uint64_t seed, uint64_t train,
                                     uint64_t test, tw_error *err);

/* Sparse rows of two classes, the same on every machine, with columns as frequent as the words of a text: a
 * few are in most rows, most in few. The classes follow from planted weights, but for one row in twenty. */
typedef struct tw_sparse_set {
    size_t size; /* sizeof(tw_sparse_set) */
    uint64_t seed, train, test;
    uint64_t columns; /* 1 to 100,000,000 */
    uint64_t
        nonzeros; /* numbers in a row, nearly, on the average: 1 to 10,000; `columns` or more: dense rows */
} tw_sparse_set;
#define TW_SPARSE_SET_INIT                                \
    {                                                     \
        sizeof(tw_sparse_set), 0, 20000, 5000, 20000, 50, \
    }
/* Writes the training rows as a LIBSVM file, and the test rows, unless there are none, as another one whose
 * name ends in ".t" besides. Files of these names are replaced. tw_data_open of "sparse" has the same rows
 * for TW_SPARSE_SET_INIT, which set = NULL stands for. Memory: that of a row. TW_ERR_SPEC: a number out of
 * bounds; TW_ERR_SYSTEM: a file cannot be written. */
TW_API tw_status tw_data_make_sparse(tw_context *ctx, const char *path, const tw_sparse_set *set,
                                     tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
