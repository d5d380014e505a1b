/* Several files in one step; see together.h.
 * SPDX-License-Identifier: MIT */
#include "file/together.h"
#include <errno.h>

/* The first file may stay: a rename replaces it before any other new one appears. */
static tw_status remove_old(tw__writer *w, size_t n, tw_error *err)
{
    for (size_t i = 1; i < n; i++) {
        int e = w[i].ctx->io.remove(w[i].ctx->io.user, w[i].path);
        if (e && e != ENOENT) return tw__fail_system(err, e, "cannot replace", w[i].path);
    }
    return TW_OK;
}

static tw_status finish(tw__writer *w, size_t n, tw_error *err)
{
    for (size_t i = 0; i < n; i++) {
        int e = w[i].ctx->io.sync(w[i].ctx->io.user, w[i].file);
        if (e) return tw__fail_system(err, e, "cannot write", w[i].path);
    }
    TW_TRY(remove_old(w, n, err));
    for (size_t i = 0; i < n; i++) TW_TRY(tw__writer_finish(&w[i], err));
    return TW_OK;
}

tw_status tw__together_finish(tw__writer *w, size_t n, tw_error *err)
{
    tw_status s = finish(w, n, err);
    tw__together_abandon(w, n);
    return s;
}

void tw__together_abandon(tw__writer *w, size_t n)
{
    for (size_t i = 0; i < n; i++) tw__writer_abandon(&w[i]);
}
