/* Safetensors: 8 bytes with the header's length, a JSON header, then the tensors without holes. Models and
 * checkpoints are such files. Written in the order given, the same bytes for the same content; read with
 * every size checked before it is used.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_SAFETENSORS_H
#define TW_FILE_SAFETENSORS_H
#include "base/context.h"
#include "file/archive.h"

enum { TW__MOST_DIMENSIONS = 8 };
typedef struct tw__tensor_entry {
    const char *name;
    tw_type type;
    int rank;
    int64_t shape[TW__MOST_DIMENSIONS];
    void *data; /* only read when saving; in an open file it may be unaligned: copy it out */
} tw__tensor_entry;
typedef struct tw__text_pair {
    const char *key, *value;
} tw__text_pair;

/* Bytes of a tensor's data; 0 if they do not fit into a size_t. */
int tw__tensor_bytes(const tw__tensor_entry *t, size_t *bytes);

tw_status tw__safetensors_save(tw_context *ctx, const char *path, const tw__tensor_entry *entries, size_t n,
                               const tw__text_pair *meta, size_t n_meta, tw_error *err);
/* What comes before the data in such a file, length included; freed by tw__free(ctx, *header, *bytes, 1). */
tw_status tw__safetensors_header(tw_context *ctx, const tw__tensor_entry *entries, size_t n,
                                 const tw__text_pair *meta, size_t n_meta, uint8_t **header, size_t *bytes,
                                 tw_error *err);

typedef struct tw__safetensors {
    tw_context *ctx;
    tw__tensor_entry *entries; /* in the order of their data */
    size_t n;
    uint8_t *header, *data; /* the file's bytes: header with its length before it, tensors */
    size_t header_bytes, data_bytes;
    void *json; /* owns the names */
} tw__safetensors;

/* All of it is in memory afterwards. On failure *file is empty and need not be freed. */
tw_status tw__safetensors_open(tw__safetensors *file, tw_context *ctx, const char *path, tw_error *err);
/* The same for a plain stream that is open. */
tw_status tw__safetensors_take(tw__safetensors *file, tw_context *ctx, tw__stream *s, const char *path,
                               tw_error *err);
/* NULL: not there */
const tw__tensor_entry *tw__safetensors_find(const tw__safetensors *file, const char *name);
/* NULL: not there */
const char *tw__safetensors_meta(const tw__safetensors *file, const char *key);
void tw__safetensors_free(tw__safetensors *file); /* fine on a zeroed or freed one */
#endif
