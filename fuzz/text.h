/* Shared by the fuzz targets of texts: a context with little memory, and the input as a string.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FUZZ_TEXT_H
#define TW_FUZZ_TEXT_H
#include "one_file.h" /* MUST */

enum { TEXT = 512 };

/* A text may ask for more weights than there is time to draw: no allocation over 4 MiB. */
static inline void *small_memory(void *user, void *p, size_t old, size_t now, size_t align)
{
    (void)user;
    if (now > 4 << 20) return NULL;
    void *fresh = now ? aligned_alloc(align, (now + align - 1) / align * align) : NULL;
    if (fresh && p) memcpy(fresh, p, old < now ? old : now);
    if (fresh || !now) free(p);
    return fresh;
}

static inline tw_context *text_context(void)
{
    static tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.resize = small_memory;
    o.threads = 1;
    if (!ctx) MUST(tw_context_create(&ctx, &o, NULL) == TW_OK);
    return ctx;
}

static inline void text_of(char to[TEXT], const uint8_t *bytes, size_t n)
{
    if (n >= TEXT) n = TEXT - 1;
    memcpy(to, bytes, n);
    to[n] = 0;
}
#endif
