/* Reading the names in a directory through the I/O table.
 * SPDX-License-Identifier: MIT */
#include "file/listing.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
    tw__listing *to;
    tw_context *ctx;
    tw_status status;
    tw_error *err;
} reading;

static int add(void *user, const char *name)
{
    reading *r = user;
    tw__listing *l = r->to;
    if (*name == '.') return 0;
    r->status = tw__grow(r->ctx, &l->names, &l->capacity, l->n + 1, sizeof *l->names, r->err);
    if (r->status == TW_OK) r->status = tw__copy_text(r->ctx, &l->names[l->n], name, r->err);
    l->n += r->status == TW_OK;
    return r->status == TW_OK ? 0 : ECANCELED;
}

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

tw_status tw__listing_read(tw__listing *to, tw_context *ctx, const char *directory, tw_error *err)
{
    reading r = {.to = to, .ctx = ctx, .status = TW_OK, .err = err};
    *to = (tw__listing){.n = 0};
    const int e = ctx->io.list ? ctx->io.list(ctx->io.user, directory, add, &r) : ENOSYS;
    if (r.status != TW_OK) return r.status;
    if (e) return tw__fail_system(err, e, "cannot list the names in", directory);
    if (to->n) qsort(to->names, to->n, sizeof *to->names, compare);
    return TW_OK;
}

void tw__listing_free(tw__listing *l, tw_context *ctx)
{
    for (size_t i = 0; i < l->n; i++) tw__free_text(ctx, l->names[i]);
    tw__free(ctx, l->names, l->capacity, sizeof *l->names);
}
