/* libthalweg. The visitor: how an object shows all its state, for save, load, checkpoint, resume and sharding alike.
 * An object's visit function calls field() or list() once for each piece of state, always in the same order with the same names.
 * With `loading` set the visitor writes into the pointers, otherwise it only reads them.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_VISITOR_H
#define THALWEG_VISITOR_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_visitor {
    int loading;
    void *user;
    /* State of a size the object knows: `rank` lengths in `shape` (rank 0: one number). A stored field of another type or shape is an error. */
    tw_status (*field)(struct tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape, void *data, tw_error *err);
    /* State whose length only the file knows: *data holds *n numbers allocated from ctx (or NULL); loading may replace both. */
    tw_status (*list)(struct tw_visitor *v, const char *name, tw_type type, size_t *n, void **data, tw_context *ctx, tw_error *err);
} tw_visitor;

#ifdef __cplusplus
}
#endif
#endif
