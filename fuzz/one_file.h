/* Shared by the fuzz targets: a context whose only file is the input, and which forgets what is written.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FUZZ_ONE_FILE_H
#define TW_FUZZ_ONE_FILE_H
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/context.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

typedef struct one_file {
    const uint8_t *bytes;
    size_t n, at;
    uint8_t written[1 << 20];
    size_t n_written;
} one_file;

/* The input is the file "input", and the run.json of the folder ".". */
static inline int is_input(const char *path) { return !strcmp(path, "input") || !strcmp(path, "./run.json"); }

static int one_open(void *user, const char *path, int mode, void **file)
{
    one_file *f = user;
    if (mode == TW_OPEN_READ && !is_input(path)) return ENOENT;
    f->at = 0;
    if (mode != TW_OPEN_READ) f->n_written = 0;
    *file = f;
    return 0;
}

static int one_read(void *user, void *file, void *to, size_t n, size_t *got)
{
    one_file *f = user;
    (void)file;
    *got = f->n - f->at < n ? f->n - f->at : n;
    memcpy(to, f->bytes + f->at, *got);
    f->at += *got;
    return 0;
}

static int one_write(void *user, void *file, const void *from, size_t n, size_t *put)
{
    one_file *f = user;
    (void)file;
    if (n > sizeof f->written - f->n_written) return ENOSPC;
    memcpy(f->written + f->n_written, from, n);
    f->n_written += n;
    *put = n;
    return 0;
}

static int one_nothing(void *user, void *file)
{
    (void)user, (void)file;
    return 0;
}
static int one_rename(void *user, const char *from, const char *to)
{
    (void)user, (void)from, (void)to;
    return 0;
}
static int one_path(void *user, const char *path)
{
    (void)user, (void)path;
    return 0;
}

static int one_kind(void *user, const char *path, int *kind)
{
    (void)user;
    *kind = is_input(path) ? TW_PATH_FILE : TW_PATH_NONE;
    return 0;
}

/* Made once; a target has nothing else that outlives an input. */
static inline tw_context *one_file_context(one_file *f)
{
    const tw_io io = {sizeof(tw_io), one_open, one_read, one_write, one_nothing, one_nothing, one_rename,
                      one_path,      one_path, one_path, one_kind,  f,           NULL,        NULL,
                      NULL,          NULL,     NULL,     NULL,      NULL};
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    tw_context *ctx;
    o.io = &io;
    o.threads = 1;
    if (tw_context_create(&ctx, &o, NULL) != TW_OK) abort();
    return ctx;
}

#define MUST(condition)            \
    do {                           \
        if (!(condition)) abort(); \
    } while (0)
#endif
