/* Fuzz target: a checkpoint in parts. The input is names of pieces, one in a line, each after a byte that
 * says how many numbers it has, all in one part; or, after a byte 0, what the checkpoint says of its parts.
 * What is refused has a message and leaves the object as it was; what is accepted has every number.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include "base/context.h"
#include "base/error.h"
#include "file/parts.h"
#include <stdio.h>

enum { CAPACITY = 1 << 18, W = 6 };

/* The checkpoint and its part. */
static struct files {
    uint8_t bytes[2][CAPACITY];
    size_t n[2], at;
} files;

static int place(const char *path) { return strstr(path, "checkpoint-") != NULL; }

static int open_file(void *user, const char *path, int mode, void **file)
{
    struct files *f = user;
    f->at = 0;
    if (mode != TW_OPEN_READ) f->n[place(path)] = 0;
    *file = &f->n[place(path)];
    return 0;
}

static int read_some(void *user, void *file, void *to, size_t n, size_t *got)
{
    struct files *f = user;
    const int which = file == &f->n[1];
    *got = f->n[which] - f->at < n ? f->n[which] - f->at : n;
    memcpy(to, f->bytes[which] + f->at, *got);
    f->at += *got;
    return 0;
}

static int write_some(void *user, void *file, const void *from, size_t n, size_t *put)
{
    struct files *f = user;
    const int which = file == &f->n[1];
    if (n > CAPACITY - f->n[which]) return ENOSPC;
    memcpy(f->bytes[which] + f->n[which], from, n);
    f->n[which] += n;
    *put = n;
    return 0;
}

static int kind_of(void *user, const char *path, int *kind)
{
    const struct files *f = user;
    *kind = f->n[place(path)] > 0 ? TW_PATH_FILE : TW_PATH_NONE;
    return 0;
}

static tw_context *make_context(void)
{
    const tw_io io = {sizeof(tw_io), open_file, read_some, write_some, one_nothing, one_nothing, one_rename,
                      one_path,      one_path,  one_path,  kind_of,    &files,      NULL,        NULL,
                      NULL,          NULL,      NULL,      NULL,       NULL};
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    tw_context *ctx;
    o.io = &io;
    o.threads = 1;
    MUST(tw_context_create(&ctx, &o, NULL) == TW_OK);
    return ctx;
}

typedef struct thing {
    double rate;
    float w[W];
    int has_w;
} thing;

static tw_status visit(void *object, tw_visitor *v, tw_error *err)
{
    thing *t = object;
    static const int64_t shape[] = {2, W / 2};
    TW_TRY(v->field(v, "rate", TW_F64, 0, NULL, &t->rate, err));
    return t->has_w ? v->field(v, "w", TW_F32, 2, shape, t->w, err) : TW_OK;
}

/* Pieces, all of whose numbers are 1, in the part; its length, or 0. */
static tw__written write_part(tw_context *ctx, const uint8_t *bytes, size_t n)
{
    static float ones[256];
    tw__pieces pieces = {.ctx = ctx};
    tw__written file = {0};
    for (int i = 0; i < 256; i++) ones[i] = 1;
    for (const uint8_t *p = bytes, *end = bytes + n; p < end;) {
        const uint8_t *const line = memchr(p, '\n', (size_t)(end - p)), *const stop = line ? line : end;
        char name[300];
        snprintf(name, sizeof name, "%.*s", (int)(stop - p - 1 < 290 ? stop - p - 1 : 290), p + 1);
        const tw__piece piece = {.name = name, .type = TW_F32, .n = *p, .data = ones};
        if (stop > p && tw__pieces_add(&pieces, &piece, NULL) != TW_OK) break;
        p = stop + 1;
    }
    files.n[1] = 0;
    tw__pieces_save(&pieces, 0, "d/checkpoint-1-0.safetensors", &file, NULL);
    tw__pieces_free(&pieces);
    return file;
}

static void load(tw_context *ctx, const char *parts)
{
    thing t = {.rate = 0.5};
    tw_error err;
    const tw__checkpoint_head head = {.kind = "thing", .parts = parts};
    if (tw__checkpoint_write(ctx, "d/checkpoint.safetensors", &head, visit, &t, NULL, NULL) != TW_OK) return;
    t = (thing){.has_w = 1};
    if (tw__checkpoint_load(ctx, "d/checkpoint.safetensors", "thing", NULL, visit, &t, &err) == TW_OK)
        for (int i = 0; i < W; i++) MUST(t.w[i] == 1);
    else MUST(err.message[0] && t.rate == 0 && t.w[0] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static tw_context *ctx;
    char *text;
    if (!ctx) ctx = make_context();
    if (n > 0 && bytes[0] == 0) {
        MUST(tw__alloc(ctx, &text, n, 1, NULL) == TW_OK);
        memcpy(text, bytes + 1, n - 1);
        load(ctx, text);
        tw__free(ctx, text, n, 1);
        return 0;
    }
    const tw__written file = write_part(ctx, bytes, n);
    MUST(tw__parts_text(ctx, 1, &file, 1, &text, NULL) == TW_OK);
    load(ctx, text);
    tw__free_text(ctx, text);
    return 0;
}
