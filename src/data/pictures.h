/* Pictures that become rows: a list of files, and their pixels in one block.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_PICTURES_H
#define TW_DATA_PICTURES_H
#include "data/data.h"
#include "data/schema.h"
#include "file/archive.h"

/* {.ctx = ctx} is an empty one. */
typedef struct tw__pictures {
    tw_context *ctx;
    char **paths; /* n of them */
    int32_t *labels;
    size_t n, paths_size, labels_size;
} tw__pictures;

/* The path is copied. */
tw_status tw__pictures_add(tw__pictures *list, const char *path, int32_t label, tw_error *err);
typedef struct tw__pictures_as {
    char **class_names; /* NULL: none */
    int32_t classes;
    uint64_t most_bytes; /* 0: TW__MOST_BYTES */
    const char *name;    /* of the block */
    int64_t size[2];     /* that they are brought to (tw__image_size); 0: they must have one */
    tw__stream *first;   /* of the first file, from its start on; NULL: it is opened */
} tw__pictures_as;
/* image_size.c: the option image_size (NULL: not given), or that of what the rows must fit (NULL: nothing);
 * 0: neither. TW_ERR_SPEC: it is no size, or another one. */
tw_status tw__image_size(const char *option, const tw__schema *fit, int64_t size[2], tw_error *err);
/* A block of all rows, at most `most_bytes` of pixels, all of one size and either grey or in colour. With
 * names of classes, which are taken over, also on failure, it has labels. TW_ERR_DATA, with the file: it is
 * no image, damaged, or of another form than the first one. */
tw_status tw__pictures_read(tw__block **out, const tw__pictures *list, const tw__pictures_as *as,
                            tw_error *err);
void tw__pictures_free(tw__pictures *list);
#endif
