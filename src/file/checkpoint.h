/* Checkpoints: all state an object shows to a visitor, in one safetensors file with a checksum (XXH3-128)
 * over every byte of it, or in several (parts.h).
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_CHECKPOINT_H
#define TW_FILE_CHECKPOINT_H
#include "file/hash.h"
#include <thalweg/visitor.h>

typedef tw_status tw__visit(void *object, tw_visitor *visitor, tw_error *err);
/* Refuses a checkpoint by its settings (NULL: it has none). */
typedef tw_status tw__settings_check(void *object, const char *settings, tw_error *err);

/* Visits the object twice, which must show the same both times; nothing of it is copied. `kind` says what the
 * state is of ("run"), `settings` under which settings it came about, as text (NULL: none). The file appears
 * whole or not at all, and equal state gives equal bytes. */
tw_status tw__checkpoint_save(tw_context *ctx, const char *path, const char *kind, const char *settings,
                              tw__visit *visit, void *object, tw_error *err);
/* What a checkpoint says of itself: as above; parts: the text of those it has (parts.h), or NULL. */
typedef struct tw__checkpoint_head {
    const char *kind, *settings, *parts;
} tw__checkpoint_head;
/* A file that was written: its length and checksum. */
typedef struct tw__written {
    uint64_t bytes;
    char sum[TW__HASH_DIGITS + 1];
} tw__written;
/* Likewise; out: NULL, or what has been written. */
tw_status tw__checkpoint_write(tw_context *ctx, const char *path, const tw__checkpoint_head *head,
                               tw__visit *visit, void *object, tw__written *out, tw_error *err);
/* The object is visited with TW_LOAD only after the checksum and `check` (NULL: any settings will do) have
 * held and all fields have been found as the object shows them in TW_COMPARE; otherwise it is untouched. Only
 * a failing allocation of a list can leave it half loaded. */
tw_status tw__checkpoint_load(tw_context *ctx, const char *path, const char *kind, tw__settings_check *check,
                              tw__visit *visit, void *object, tw_error *err);
/* Likewise; number: NULL, or of a checkpoint in parts, 0: it has none. */
tw_status tw__checkpoint_read(tw_context *ctx, const char *path, const char *kind, tw__settings_check *check,
                              tw__visit *visit, void *object, uint64_t *number, tw_error *err);
#endif
