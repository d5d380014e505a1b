/* The context as the library sees it: memory, files, log, threads.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_CONTEXT_H
#define TW_BASE_CONTEXT_H
#include <thalweg/context.h>
#include "base/error.h"
#include "base/size.h"
#include "base/sized.h"

struct tw__pool;
struct tw_context {
    void *(*resize)(void *user, void *p, size_t old, size_t now, size_t align);
    void (*log)(void *user, int level, const char *text);
    void *user;
    tw_io io;
    int threads;
    tw_isa isa;
    struct tw__pool *pool;
};

/* n zeroed items of `size` bytes, aligned to 64: *out is the memory, or NULL with TW_ERR_MEMORY. n = 0 gives
 * a valid pointer. Freed by tw__free with the same n and size. */
tw_status tw__alloc(tw_context *ctx, void *out /* T ** */, size_t n, size_t size, tw_error *err);
void tw__free(tw_context *ctx, void *p, size_t n, size_t size); /* p NULL is fine */
/* Grows a list to hold `want` items: *p and *capacity are changed only on success. New items are zeroed. */
tw_status tw__grow(tw_context *ctx, void *p /* T ** */, size_t *capacity, size_t want, size_t size,
                   tw_error *err);
/* Makes a list as long as `now`, without clearing what is new: memory that nobody writes to need not become
 * real. */
tw_status tw__resize(tw_context *ctx, void *p /* T ** */, size_t *capacity, size_t now, size_t size,
                     tw_error *err);
/* A copy of a string; freed by tw__free_text. */
tw_status tw__copy_text(tw_context *ctx, char **out, const char *text, tw_error *err);
void tw__free_text(tw_context *ctx, char *text);
__attribute__((format(printf, 3, 4))) void tw__log(tw_context *ctx, int level, const char *format, ...);
#endif
