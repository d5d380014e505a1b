/* libthalweg. The visitor: how an object shows all its state, for save, load, checkpoint, resume and sharding alike.
 * An object's visit function calls field() or list() once for each piece of state, always in the same order with the same names.
 * A file that is loaded is visited twice: it is compared first, so that an object into which it does not fit stays as it was.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_VISITOR_H
#define THALWEG_VISITOR_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

enum {
    TW_SHOW = 0,                    /* the visitor reads what the pointers show */
    TW_LOAD = 1,                    /* it writes into them */
    TW_COMPARE = 2                  /* it reads names and shapes; list() gives what would be loaded, and the object takes nothing */
};
typedef struct tw_visitor {
    int loading;                    /* TW_SHOW, TW_LOAD or TW_COMPARE */
    void *user;
    /* State of a size the object knows: `rank` lengths in `shape` (rank 0: one number). A stored field of another type or shape is an error. */
    tw_status (*field)(struct tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape, void *data, tw_error *err);
    /* State whose length only the file knows: *data holds *n numbers allocated from ctx (or NULL); TW_LOAD and TW_COMPARE may replace both. */
    tw_status (*list)(struct tw_visitor *v, const char *name, tw_type type, size_t *n, void **data, tw_context *ctx, tw_error *err);
} tw_visitor;

#ifdef __cplusplus
}
#endif
#endif
