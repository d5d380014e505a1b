/* Checkpoints in parts: several processes write at the same time, each a file of its own, and in the end the
 * checkpoint, which names the parts.
 *
 *     checkpoint-3-0.safetensors, checkpoint-3-1.safetensors, ...    large fields and their like, in pieces
 *     checkpoint.safetensors                                         all other fields and the lists
 *
 * 3 is the checkpoint's number, which no file there had before: a checkpoint stays whole until the next one
 * is there. A piece "slot.m/0.weight[0:4096 of 100x784]" is the numbers 0 .. 4095 of a field of that shape.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_PARTS_H
#define TW_FILE_PARTS_H
#include "file/checkpoint.h"

/* Bytes of a file's name, and of the smallest field that always lies in parts. */
enum { TW__PART_NAME = 72, TW__PART_FIELD = 4096 };

/* A part as the checkpoint counts it. */
typedef struct tw__checkpoint_part {
    char name[TW__PART_NAME];
    uint64_t number;
    tw__written file;
} tw__checkpoint_part;
void tw__part_name(uint64_t number, size_t rank, char to[TW__PART_NAME]);
/* files[i] is of rank i, of 0 bytes where that has none; freed by tw__free_text. */
tw_status tw__parts_text(tw_context *ctx, uint64_t number, const tw__written *files, size_t n, char **out,
                         tw_error *err);
/* The next part of such a text, which *at is moved over. 0: it is none. */
int tw__part_read(const char **at, tw__checkpoint_part *to);
struct tw__listing;
/* What is in a directory, to be freed by tw__listing_free (listing.h). */
tw_status tw__parts_list(tw_context *ctx, const char *directory, struct tw__listing *names, tw_error *err);
/* Removes the parts among these but those of the checkpoint `keep`; none has 0. It allocates nothing. */
tw_status tw__parts_remove(tw_context *ctx, const char *directory, const struct tw__listing *names,
                           uint64_t keep, tw_error *err);
/* Both. *next: NULL, or a number that none of them had. */
tw_status tw__parts_sweep(tw_context *ctx, const char *directory, uint64_t keep, uint64_t *next,
                          tw_error *err);

/* Numbers that the process of a rank has: what is at `at` here stands for them. index: of these in the rank's
 * order. */
typedef struct tw__held {
    size_t rank, index;
    const char *at;
    size_t bytes, found; /* found: of them in fields */
} tw__held;
/* A piece, which the process of a rank writes. */
typedef struct tw__piece {
    char *name;
    tw_type type;
    size_t n;
    const void *data;
    size_t rank, index, offset; /* data: so many bytes into what the rank holds */
} tw__piece;
typedef struct tw__pieces { /* {ctx} is an empty list */
    tw_context *ctx;
    tw__piece *piece;
    size_t n, capacity;
} tw__pieces;
/* Adds one with a copy of the name. */
tw_status tw__pieces_add(tw__pieces *to, const tw__piece *piece, tw_error *err);
/* Cuts the fields of an object that are large or in ranges `held`, which are sorted here; what is in none of
 * them is rank 0's. */
tw_status tw__pieces_cut(tw__pieces *to, tw__held *held, size_t n, tw__visit *visit, void *object,
                         tw_error *err);
/* Writes the part of a rank, if it has pieces; *out as for tw__parts_text. */
tw_status tw__pieces_save(const tw__pieces *pieces, size_t rank, const char *path, tw__written *out,
                          tw_error *err);
void tw__pieces_free(tw__pieces *pieces);

/* An object without what was cut. */
typedef struct tw__small_fields {
    tw__visit *visit;
    void *object;
    const tw__held *held; /* as it was sorted */
    size_t n;
} tw__small_fields;
tw_status tw__small_fields_visit(void *small_fields, tw_visitor *v, tw_error *err);
#endif
