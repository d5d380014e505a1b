/* JSON in trees of jansson's, read, built and written here: in every locale, and whichever allocation fails,
 * a tree or a text is whole or there is none (docs/design/0021).
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_JSON_H
#define TW_FILE_JSON_H
#include "base/context.h"
#include <jansson.h>

/* ---- reading ------------------------------------------------------------------------------------------- */

/* Why a text was not read, and where: its line from 1 on (0: no matter), and the byte in the text. */
typedef struct tw__json_fault {
    int64_t line, at;
    char text[160];
} tw__json_fault;

/* Reads n bytes, which hold one object or list. No key may appear twice in an object, no text may hold
 * \u0000, whole numbers fit into 64 bits. TW_ERR_DATA or TW_ERR_MEMORY with *fault filled, and *out NULL. */
tw_status tw__json_parse(tw_context *ctx, json_t **out, const char *text, size_t n, tw__json_fault *fault);

/* ---- building ------------------------------------------------------------------------------------------ */

/* Of a tree that is being built: the first failure stays, later calls do no harm, and no incomplete tree
 * comes out. Values are taken, also by a call that fails; NULL is one that could not be made. */
typedef struct tw__json_builder {
    tw_status status;
    tw_error *err;
} tw__json_builder;

json_t *tw__json_object(tw__json_builder *b);
json_t *tw__json_list(tw__json_builder *b);
json_t *tw__json_text_value(tw__json_builder *b, const char *text); /* TW_ERR_SPEC: not UTF-8 */
json_t *tw__json_integer(tw__json_builder *b, int64_t n);
json_t *tw__json_natural(tw__json_builder *b, uint64_t n); /* up to 2^63 - 1 */
json_t *tw__json_real(tw__json_builder *b,
                      double x); /* null for a non-finite one, which JSON does not have */
json_t *tw__json_reals(tw__json_builder *b, const double *x, size_t n);
void tw__json_put(tw__json_builder *b, json_t *object, const char *key, json_t *value);
void tw__json_append(tw__json_builder *b, json_t *list, json_t *value);
/* Put nothing for NULL and NaN: the value does not apply. */
void tw__json_put_text(tw__json_builder *b, json_t *object, const char *key, const char *text);
void tw__json_put_real(tw__json_builder *b, json_t *object, const char *key, double x);
void tw__json_put_natural(tw__json_builder *b, json_t *object, const char *key, uint64_t n);
/* The members of `from`, which are shared, but for one (NULL: all). */
void tw__json_put_members(tw__json_builder *b, json_t *object, const json_t *from, const char *but);
/* The tree; or the first failure, with `root` freed and *out NULL. */
tw_status tw__json_take(tw__json_builder *b, json_t *root, json_t **out);

/* ---- checksums ----------------------------------------------------------------------------------------- */

/* "checksum", the last member of an object that is put away: over all others, their order and their types. */
void tw__json_put_sum(tw__json_builder *b, json_t *object);
/* TW_ERR_DATA where it does not fit; what an earlier version wrote has none. */
tw_status tw__json_check_sum(const json_t *object, tw_error *err);
/* As json_equal, to the bit and with the order of keys. */
int tw__json_same(const json_t *a, const json_t *b);

/* ---- writing ------------------------------------------------------------------------------------------- */

/* As json_dumps with its flags; freed by tw__free_text. */
tw_status tw__json_dump(tw_context *ctx, const json_t *json, size_t flags, char **text, tw_error *err);
#endif
