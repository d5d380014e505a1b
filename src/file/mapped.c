/* Files as memory; see mapped.h.
 * SPDX-License-Identifier: MIT */
#include "file/mapped.h"

void tw__mapped_free(tw_context *ctx, tw__mapped *m)
{
    if (m->is_mapped) ctx->io.unmap(ctx->io.user, m->bytes, m->n);
    else tw__free(ctx, m->bytes, m->n, 1);
    *m = (tw__mapped){.bytes = NULL};
}

void tw__mapped_touch(tw_context *ctx, tw__mapped *m, size_t n)
{
    if (!m->most || !m->is_mapped || !ctx->io.forget) return;
    const size_t before = atomic_fetch_add_explicit(&m->touched, n, memory_order_relaxed);
    if (before / m->most == (before + n) / m->most) return;
    ctx->io.forget(ctx->io.user, m->bytes, m->n);
}

void tw__mapped_free_other(tw_context *ctx, const tw__mapped *m, const void *p, size_t n, size_t size)
{
    const uintptr_t at = (uintptr_t)p, first = m ? (uintptr_t)m->bytes : 0;
    if (!first || at < first || at >= first + m->n) tw__free(ctx, (void *)at, n, size);
}
