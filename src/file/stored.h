/* The fields of a checkpoint on disk, in one file or in parts.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_STORED_H
#define TW_FILE_STORED_H
#include "file/parts.h"
#include "file/safetensors.h"

/* A checkpoint's header begins with a fixed text that holds the checksum, so that its place is known before
 * anything is parsed. The checksum is over the data, then the header with zeros in place of the checksum. */
#define TW__CHECKPOINT_FORMAT "thalweg-checkpoint-1"
#define TW__SUM_ZEROS "00000000000000000000000000000000"
#define TW__BEFORE_SUM "{\"__metadata__\":{\"format\":\"" TW__CHECKPOINT_FORMAT "\",\"xxh3-128\":\""
enum { TW__SUM_AT = 8 + sizeof TW__BEFORE_SUM - 1 };

typedef struct tw__stored_field {
    tw__tensor_entry form; /* data: NULL where it is in pieces, n_pieces of them from the first one on */
    size_t first_piece, n_pieces;
} tw__stored_field;

/* A piece, with its field's name and shape. */
typedef struct tw__stored_piece {
    tw__tensor_entry of;
    char *name; /* of.name */
    size_t lo, hi;
    const void *data;
    size_t part;
} tw__stored_piece;

typedef struct tw__stored_part {
    tw__safetensors file;
    char name[TW__PART_NAME];
} tw__stored_part;

typedef struct tw__stored {
    tw_context *ctx;
    const char *path;
    tw__safetensors whole;
    uint64_t number; /* of a checkpoint in parts; 0: it has none */
    tw__stored_part *parts;
    size_t n_parts, parts_capacity;
    tw__stored_piece *pieces; /* of all parts, by field and place */
    size_t n_pieces, pieces_capacity;
    tw__stored_field *fields;
    size_t n, capacity;
} tw__stored;

/* Opens a checkpoint of a kind, whose checksum holds; path: used as long as it is open. */
tw_status tw__stored_open(tw__stored *s, tw_context *ctx, const char *path, const char *kind, tw_error *err);
/* Then opens its parts and sets the fields. TW_ERR_DATA: a part is missing, damaged or another one; the parts
 * have not all numbers of a field, or some twice. */
tw_status tw__stored_take(tw__stored *s, tw_error *err);
void tw__stored_copy(const tw__stored *s, const tw__stored_field *field, void *to);
void tw__stored_free(tw__stored *s);
#endif
