/* The names in a directory.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_LISTING_H
#define TW_FILE_LISTING_H
#include "base/io.h"

/* {0} is an empty one. */
typedef struct tw__listing {
    char **names; /* n of them, rising by their bytes */
    size_t n, capacity;
} tw__listing;

/* All names but those that begin with a point. Freed also after an error. */
tw_status tw__listing_read(tw__listing *to, tw_context *ctx, const char *directory, tw_error *err);
void tw__listing_free(tw__listing *listing, tw_context *ctx);
#endif
