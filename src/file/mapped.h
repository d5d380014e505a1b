/* A whole file in memory: mapped, so that its pages are read when they are touched, or read.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_MAPPED_H
#define TW_FILE_MAPPED_H
#include "base/context.h"

/* {NULL} is an empty one. It may be written to, which does not change the file. */
typedef struct tw__mapped {
    uint8_t *bytes;
    size_t n;
    int is_mapped;
} tw__mapped;

void tw__mapped_free(tw_context *ctx, tw__mapped *m);
/* As tw__free, for a list that may be part of the file (NULL: there is none). */
void tw__mapped_free_other(tw_context *ctx, const tw__mapped *m, const void *p, size_t n, size_t size);
#endif
