/* libthalweg. The visitor: how an object shows all its state, to be saved or loaded in any file format.
 * examples/save_state.c is a complete one.
 *
 * An object's visit function (tw_optimizer_visit, tw_run_visit) calls field() or list() once for each piece
 * of state, always in the same order and with the same names. To load, visit twice: first with TW_COMPARE,
 * which changes nothing in the object, so that state that does not fit is refused as a whole; then with
 * TW_LOAD. Either function stops the visit with a status that is not TW_OK, which the visit returns.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_VISITOR_H
#define THALWEG_VISITOR_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

/* What the visitor does. */
enum {
    TW_SHOW = 0, /* reads the data: to save */
    TW_LOAD = 1, /* writes the data */
    /* compares names, types and shapes; list() gives what would be loaded, and the object ignores it */
    TW_COMPARE = 2
};
typedef struct tw_visitor {
    int loading; /* TW_SHOW, TW_LOAD or TW_COMPARE */
    void *user;
    /* State whose size the object knows: the numbers of a tensor of `rank` lengths in `shape` (rank 0: one
     * number), at data. */
    tw_status (*field)(struct tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                       void *data, tw_error *err);
    /* State whose length only the file knows: *n numbers at *data, allocated from ctx, or NULL. TW_LOAD and
     * TW_COMPARE replace both if the length differs. */
    tw_status (*list)(struct tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                      tw_context *ctx, tw_error *err);
} tw_visitor;

#ifdef __cplusplus
}
#endif
#endif
