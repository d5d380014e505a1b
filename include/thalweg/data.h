/* libthalweg-train. Data sets: rows of numbers with labels, from files or from memory.
 * SPDX-License-Identifier: MIT
 *
 *     #include <stdio.h>
 *     #include <thalweg/data.h>
 *
 *     int main(void)      // 400 generated digits and 100 to test on, as files; then opened, a quarter kept for validation
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
 *         if (s == TW_OK) printf("%d rows of %dx%d\n", (int)info.rows, (int)info.shape[0], (int)info.shape[1]);      // prints 300 rows of 28x28
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

/* What a data set holds. Pointers are valid as long as the tw_data. */
typedef struct tw_data_info {
    size_t size;                                                        /* sizeof(tw_data_info), set by the caller */
    uint64_t rows;
    int rank;                                                           /* of one row: 2 or 3 for images (height, width[, channels]), 1 for vectors */
    int64_t shape[4];
    tw_type type;                                                       /* TW_U8 (scaled by 1/255 when fetched) or TW_F32 */
    const void *x;                                                      /* rows x product of shape */
    const int32_t *labels;                                              /* class of each row; NULL for images without labels */
    int32_t classes;                                                    /* different labels, of the training rows where there are; 0 without labels */
    const char *name;                                                   /* where it came from, for messages */
    const char *fingerprint;                                            /* hash of rows and labels, 32 hex digits */
    const int32_t *class_labels;                                        /* the label of each class, rising; NULL: 0 to classes - 1 */
} tw_data_info;
TW_API tw_status tw_data_info_get(const tw_data *data, tw_data_info *info, tw_error *err);

/* What is asked of a data set's name. */
typedef struct tw_data_options {
    size_t size;                                                        /* sizeof(tw_data_options) */
    double val;                                                         /* share of the training rows kept for validation, [0, 1) */
    uint64_t limit;                                                     /* only the first so many training rows, after `val`; 0: all */
    const char *cache;                                                  /* folder for generated data; needed by "digits" */
    const char *home;                                                   /* folder of data sets ("mnist" is looked for here); NULL: none */
    uint64_t most_bytes;                                                /* cap of an unpacked file; 0: 64 GiB */
    int unlabelled;                                                     /* 1: labels are not wanted: files of labels are not opened and may be missing */
} tw_data_options;
#define TW_DATA_OPTIONS_INIT { sizeof(tw_data_options), 0.0, 0, NULL, NULL, 0, 0 }

/* Opens `path`: a folder with the four IDX files of MNIST's names, plain or compressed (train is cut into train and val, t10k is test);
 * one IDX image file (test only, no labels); "digits" (generated into the cache on first use); "mnist".
 * Outputs that do not apply are set to NULL; an out pointer that is NULL is not wanted (its files are then not read). */
TW_API tw_status tw_data_open(tw_context *ctx, const char *path, const tw_data_options *options, tw_data **train, tw_data **val, tw_data **test,
                              tw_error *err);
/* Rows from memory, copied: x of TW_U8 or TW_F32, `labels` NULL or one per row. */
TW_API tw_status tw_data_create(tw_data **out, tw_context *ctx, tw_type type, uint64_t rows, int rank, const int64_t *shape, const void *x,
                                const int32_t *labels, tw_error *err);
TW_API void tw_data_free(tw_data *data);                                /* NULL is fine */

/* Writes the digits data set (60,000 + 10,000 images, procedural, the same bytes on every machine) as four IDX files into `folder`. */
TW_API tw_status tw_data_make_digits(tw_context *ctx, const char *directory, uint64_t seed, uint64_t train, uint64_t test, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
