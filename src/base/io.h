/* Files through the context's I/O table: whole files in, whole files out in one step.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_IO_H
#define TW_BASE_IO_H
#include "base/context.h"

extern const tw_io tw__system_io;

/* TW_ERR_NOT_FOUND for a path that does not exist, else TW_ERR_SYSTEM: "<what> <path>: <reason>". */
tw_status tw__fail_system(tw_error *err, int error, const char *what, const char *path);
tw_status tw__path_kind(tw_context *ctx, const char *path, int *kind, tw_error *err);
/* *found: a file has this name. TW_ERR_DATA: something else has it. A folder may hold anything, and opening a
 * pipe or device can take for ever. */
tw_status tw__find_file(tw_context *ctx, const char *path, int *found, tw_error *err);
/* Makes the folders above `path` that are missing. */
tw_status tw__make_parents(tw_context *ctx, const char *path, tw_error *err);

/* A file's bytes, at most `cap` of them (more is TW_ERR_DATA), freed by tw__free(ctx, *bytes, *n, 1) . */
tw_status tw__read_file(tw_context *ctx, const char *path, size_t cap, uint8_t **bytes, size_t *n,
                        tw_error *err);

enum { TW__PATH = 4096 };

/* Writing a file that appears whole or not at all: open a temporary name beside it, write, then finish (sync,
 * rename, sync the folder) or give up (remove).  The old file stays as it was until the rename. */
typedef struct tw__writer {
    tw_context *ctx;
    void *file;
    char path[TW__PATH], temporary[TW__PATH + sizeof TW_PARTIAL];
} tw__writer;
tw_status tw__writer_open(tw__writer *w, tw_context *ctx, const char *path, tw_error *err);
tw_status tw__writer_put(tw__writer *w, const void *from, size_t n, tw_error *err);
/* on failure the temporary file is removed */
tw_status tw__writer_finish(tw__writer *w, tw_error *err);
void tw__writer_abandon(tw__writer *w); /* fine after finish */
/* all of it at once */
tw_status tw__write_text(tw_context *ctx, const char *path, const char *text, tw_error *err);

/* "folder/file"; TW_ERR_SPEC if that is too long. */
tw_status tw__path_in(const char *directory, const char *file, char to[TW__PATH], tw_error *err);
#endif
