/* A whole file in memory: mapped, so that its pages are read when they are touched, or read.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_MAPPED_H
#define TW_FILE_MAPPED_H
#include "base/context.h"
#include <stdatomic.h>

/* {NULL} is an empty one. It may be written to, which does not change the file. */
typedef struct tw__mapped {
    uint8_t *bytes;
    size_t n;
    int is_mapped;
    size_t most;           /* bytes that may be touched before pages are given back; 0: all of them */
    atomic_size_t touched; /* since pages were last given back */
} tw__mapped;

void tw__mapped_free(tw_context *ctx, tw__mapped *m);
/* Counts n bytes of a file that have been read, and gives its pages back once they are too many: one with
 * such a limit must not be written to. Any number of threads may read and count. */
void tw__mapped_touch(tw_context *ctx, tw__mapped *m, size_t n);
/* As tw__free, for a list that may be part of the file (NULL: there is none). */
void tw__mapped_free_other(tw_context *ctx, const tw__mapped *m, const void *p, size_t n, size_t size);
#endif
