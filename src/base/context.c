/* Creation of the context, and memory through it.
 * SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "base/decimal.h"
#include "base/context.h"
#include "base/cpu.h"
#include "base/io.h"
#include "base/pool.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 64, MOST_THREADS = 256, PAGE = 1 << 16, LARGE = 1 << 22, HUGE_PAGE = 1 << 21 };

/* With small pages a step over many vectors waits for the translation of addresses; where there are no large
 * ones nothing is lost. */
static void ask_for_huge_pages(void *p, size_t n)
{
#ifdef MADV_HUGEPAGE
    madvise(p, n, MADV_HUGEPAGE);
#else
    (void)p;
    (void)n;
#endif
}

/* The pages between two addresses go back to the system. */
static void give_back(char *from, char *to)
{
#ifdef MADV_DONTNEED
    from += -(uintptr_t)from % PAGE;
    to -= (uintptr_t)to % PAGE;
    if (from < to) madvise(from, (size_t)(to - from), MADV_DONTNEED);
#else
    (void)from;
    (void)to;
#endif
}

/* LARGE memory is the C library's zeros, most often no pages until something is written there: so the state
 * of weights that another process steps takes none. The number before it says how far into them it begins. */
static void *allocate(size_t n)
{
    if (n < LARGE) return aligned_alloc(ALIGN, (n + ALIGN - 1) / ALIGN * ALIGN);
    char *p = n <= SIZE_MAX - HUGE_PAGE ? calloc(n + HUGE_PAGE, 1) : NULL;
    if (!p) return NULL;
    const size_t skipped = HUGE_PAGE - (uintptr_t)p % HUGE_PAGE;
    p += skipped;
    memcpy(p - sizeof skipped, &skipped, sizeof skipped);
    ask_for_huge_pages(p, n);
    return p;
}

static void *system_resize(void *user, void *p, size_t old, size_t now, size_t align)
{
    (void)user;
    (void)align; /* ALIGN */
    if (p && now && now < old && old >= PAGE &&
        (now >= LARGE || old < LARGE)) { /* not copied: it stays where it is */
        give_back((char *)p + now, (char *)p + old);
        return p;
    }
    void *const q = now ? allocate(now) : NULL;
    if (q && p) memcpy(q, p, old < now ? old : now);
    if (p && (q || now == 0)) {
        size_t skipped = 0;
        if (old >= LARGE) memcpy(&skipped, (char *)p - sizeof skipped, sizeof skipped);
        free((char *)p - skipped);
    }
    return q;
}

static tw_status choose_isa(tw_isa wanted, tw_isa *out, tw_error *err)
{
    tw_isa best = tw_isa_of_cpu();
    if ((int)wanted < 0 || wanted > TW_ISA_AVX512)
        return tw__fail(err, TW_ERR_SPEC, "max_isa = %d is not an instruction set", (int)wanted);
    if (wanted > best)
        return tw__fail(err, TW_ERR_SPEC, "this CPU has no %s (its best is %s)", tw_isa_name(wanted),
                        tw_isa_name(best));
    *out = wanted == TW_ISA_DETECT ? best : wanted;
    return TW_OK;
}

static tw_status read_io(tw_io *io, const tw_io *given, tw_error *err)
{
    TW_TRY(tw__sized_read(io, sizeof *io, given, "tw_io", err));
    if (io->open && io->read && io->write && io->sync && io->close && io->rename && io->remove &&
        io->make_directory && io->sync_directory && io->kind)
        return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "a function of tw_io is NULL: all ten are needed");
}

tw_status tw_context_create(tw_context **out, const tw_context_options *given, tw_error *err)
{
    TW_NEEDS(err, out);
    tw_context_options options = TW_CONTEXT_OPTIONS_INIT;
    const tw_context_options *o = &options;
    tw_io io = tw__system_io;
    *out = NULL;
    if (given) TW_TRY(tw__sized_read(&options, sizeof options, given, "tw_context_options", err));
    if (o->io) TW_TRY(read_io(&io, o->io, err));
    if (o->threads < 0 || o->threads > MOST_THREADS)
        return tw__fail(err, TW_ERR_SPEC, "threads = %d is outside [0, %d]", o->threads, MOST_THREADS);
    tw_isa isa = TW_ISA_BASE;
    TW_TRY(choose_isa(o->max_isa, &isa, err));
    tw_context seed = {.resize = o->resize ? o->resize : system_resize,
                       .log = o->log,
                       .user = o->user,
                       .isa = isa};
    tw_context *ctx;
    TW_TRY(tw__alloc(&seed, &ctx, 1, sizeof *ctx, err));
    *ctx = seed;
    ctx->io = io;
    ctx->threads = o->threads ? o->threads : tw__cpus_allowed();
    tw_status s = tw__pool_create(&ctx->pool, ctx, err);
    if (s != TW_OK) tw__free(&seed, ctx, 1, sizeof *ctx);
    else *out = ctx;
    return s;
}

void tw_context_free(tw_context *ctx)
{
    if (!ctx) return;
    tw__pool_free(ctx->pool);
    tw_context copy = *ctx;
    tw__free(&copy, ctx, 1, sizeof *ctx);
}

int tw_context_threads(const tw_context *ctx) { return ctx->threads; }
tw_isa tw_context_isa(const tw_context *ctx) { return ctx->isa; }

size_t tw_type_size(tw_type type)
{
    static const unsigned char size[] = {[TW_U8] = 1, [TW_I64] = 8, [TW_F32] = 4, [TW_F64] = 8};
    return (size_t)type < sizeof size ? size[type] : 0;
}

const char *tw_type_name(tw_type type)
{
    static const char name[][4] = {[TW_U8] = "u8", [TW_I64] = "i64", [TW_F32] = "f32", [TW_F64] = "f64"};
    return (size_t)type < sizeof name / sizeof *name ? name[type] : "unknown";
}

tw_status tw__alloc(tw_context *ctx, void *out, size_t n, size_t size, tw_error *err)
{
    size_t bytes;
    void *p = NULL;
    if (tw__size_mul(n, size, &bytes)) p = ctx->resize(ctx->user, NULL, 0, bytes ? bytes : 1, ALIGN);
    else bytes = SIZE_MAX;
    if (p && (bytes < LARGE || ctx->resize != system_resize)) memset(p, 0, bytes);
    memcpy(out, &p, sizeof p);
    return p ? TW_OK : tw__fail(err, TW_ERR_MEMORY, "out of memory (%zu items of %zu bytes)", n, size);
}

void tw__free(tw_context *ctx, void *p, size_t n, size_t size)
{
    size_t bytes = n * size;
    if (p) ctx->resize(ctx->user, p, bytes > 0 ? bytes : 1, 0, ALIGN);
}

tw_status tw__resize(tw_context *ctx, void *p, size_t *capacity, size_t now, size_t size, tw_error *err)
{
    size_t bytes, was = *capacity * size;
    void *old, *fresh = NULL;
    memcpy(&old, p, sizeof old);
    if (old && now == *capacity) return TW_OK;
    if (tw__size_mul(now, size, &bytes))
        fresh = ctx->resize(ctx->user, old, old ? was + (was == 0) : 0, bytes + (bytes == 0), ALIGN);
    if (!fresh) return tw__fail(err, TW_ERR_MEMORY, "out of memory (%zu items of %zu bytes)", now, size);
    memcpy(p, &fresh, sizeof fresh);
    *capacity = now;
    return TW_OK;
}

tw_status tw__grow(tw_context *ctx, void *p, size_t *capacity, size_t want, size_t size, tw_error *err)
{
    const size_t was = *capacity, more = was + was / 2;
    char *fresh;
    if (want <= was) return TW_OK;
    TW_TRY(tw__resize(ctx, p, capacity, more > want ? more : want, size, err));
    memcpy(&fresh, p, sizeof fresh);
    memset(fresh + was * size, 0, (*capacity - was) * size);
    return TW_OK;
}

tw_status tw__copy_text(tw_context *ctx, char **out, const char *text, tw_error *err)
{
    size_t n = strlen(text) + 1;
    TW_TRY(tw__alloc(ctx, out, n, 1, err));
    memcpy(*out, text, n);
    return TW_OK;
}

void tw__free_text(tw_context *ctx, char *text)
{
    if (text) tw__free(ctx, text, strlen(text) + 1, 1);
}

void tw__log(tw_context *ctx, int level, const char *format, ...)
{
    if (!ctx->log) return;
    char text[512];
    va_list args;
    va_start(args, format);
    tw__vformat(text, sizeof text, format, args);
    va_end(args);
    ctx->log(ctx->user, level, text);
}
