/* A range test from inside: what was found, with the context it lives in.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_FIND_LR_H
#define TW_RACE_FIND_LR_H
#include "base/context.h"
#include <thalweg/find_lr.h>

typedef struct tw__find_lr {
    tw_find_lr found;
    tw_context *ctx;
    double from, to;
    tw_lr_point *points;
    size_t capacity;
} tw__find_lr;
/* find_lr_write.c: whether the folder may get the files, and writing them. */
tw_status tw__find_lr_check(tw_context *ctx, const char *directory, int force, tw_error *err);
tw_status tw__find_lr_write(const tw__find_lr *f, const char *directory, int force, tw_error *err);
#endif
