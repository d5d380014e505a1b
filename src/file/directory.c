/* Recognises what a directory holds by the files that each kind of work always has, and by how these begin:
 * other programs use such names, too.
 * SPDX-License-Identifier: MIT */
#include "file/directory.h"
#include "base/io.h"
#include <errno.h>
#include <string.h>

enum { START = 128 }; /* how much of a file is looked at */

/* lock: the file that is locked while such a directory is written; NULL: that is short, or the database does
 * it. */
static const struct {
    const char *one, *many, *lock;
} works[] = {
    [TW__WORK_RUN] = {"a run", "runs", "run.lock"},
    [TW__WORK_RACE] = {"a race", "races", NULL},
    [TW__WORK_FIGURES] = {"figures", "figures", "figures.lock"},
    [TW__WORK_RATES] = {"a learning-rate range test", "learning-rate range tests", NULL},
};

/* Within its start a file has this text; "": it is empty; NULL: its name is enough. */
static const struct {
    tw__work work;
    const char *file, *text;
} marks[] = {
    {TW__WORK_RUN, "run.json", "\"thalweg\""},       {TW__WORK_RACE, "race.db", "TwRa"},
    {TW__WORK_RACE, "race.json", "\"format\""},      {TW__WORK_RACE, "race.lock", ""},
    {TW__WORK_FIGURES, "claims.json", "\"claims\""}, {TW__WORK_FIGURES, "claims.json" TW_PARTIAL, NULL},
    {TW__WORK_FIGURES, "figures.lock", ""},          {TW__WORK_RATES, "find_lr.csv", "step,lr,loss"},
    {TW__WORK_RATES, "find_lr.svg", "<svg"},         {TW__WORK_RATES, "find_lr.svg" TW_PARTIAL, NULL},
};

static int has(const char *start, size_t n, const char *text)
{
    const size_t length = strlen(text);
    for (size_t i = 0; i + length <= n; i++)
        if (memcmp(start + i, text, length) == 0) return 1;
    return 0;
}

static tw_status read_start(tw_context *ctx, const char *path, char to[START], size_t *n, tw_error *err)
{
    void *file;
    size_t got = 1;
    *n = 0;
    int e = ctx->io.open(ctx->io.user, path, TW_OPEN_READ, &file);
    if (e) return tw__fail_system(err, e, "cannot open", path);
    for (; !e && got && *n < START; *n += got) {
        got = 0;
        e = ctx->io.read(ctx->io.user, file, to + *n, START - *n, &got);
        if (!e && got > START - *n) e = EIO;
        if (e) got = 0;
    }
    ctx->io.close(ctx->io.user, file);
    return e ? tw__fail_system(err, e, "cannot read", path) : TW_OK;
}

/* *kind: what has the mark's name; *is_ours: it is what we write under it. */
static tw_status look(tw_context *ctx, const char *directory, size_t mark, int *kind, int *is_ours,
                      tw_error *err)
{
    char path[TW__PATH], start[START];
    size_t n;
    TW_TRY(tw__path_in(directory, marks[mark].file, path, err));
    TW_TRY(tw__path_kind(ctx, path, kind, err));
    *is_ours = *kind == TW_PATH_FILE;
    const char *text = marks[mark].text;
    if (!*is_ours || !text) return TW_OK;
    TW_TRY(read_start(ctx, path, start, &n, err));
    *is_ours = text[0] ? has(start, n, text) : n == 0;
    return TW_OK;
}

static tw_status check_inside(tw_context *ctx, const char *directory, tw__work own, tw_error *err)
{
    int kind, is_ours, is_own = 0, is_empty = 0;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        TW_TRY(look(ctx, directory, i, &kind, &is_ours, err));
        if (is_ours && marks[i].work != own)
            return tw__fail(err, TW_ERR_SPEC,
                            "%.300s holds %s, not %s (give another --out; --force replaces %s only)",
                            directory, works[marks[i].work].one, works[own].one, works[own].many);
        if (kind != TW_PATH_NONE && !is_ours && marks[i].work == own)
            return tw__fail(err, TW_ERR_SPEC,
                            "%.300s/%s is another program's (give another --out; --force replaces %s only)",
                            directory, marks[i].file, works[own].many);
        is_own |= is_ours;
    }
    if (is_own) return TW_OK;
    int e = ctx->io.is_empty ? ctx->io.is_empty(ctx->io.user, directory, &is_empty) : 0;
    if (e) return tw__fail_system(err, e, "cannot look into", directory);
    if (is_empty) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "%.300s is a folder with other files in it (give another --out; --force replaces %s only)", directory,
        works[own].many);
}

tw_status tw__directory_check(tw_context *ctx, const char *directory, tw__work own, tw_error *err)
{
    int kind;
    TW_TRY(tw__path_kind(ctx, directory, &kind, err));
    if (kind == TW_PATH_NONE) return TW_OK;
    if (kind != TW_PATH_DIRECTORY)
        return tw__fail(err, TW_ERR_SYSTEM, "cannot make the folder %.300s: a file has this name", directory);
    return check_inside(ctx, directory, own, err);
}

tw_status tw__directory_in_use(const char *directory, tw__work own, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC,
                    "%.300s is in use: another process is writing %s there (give another --out)", directory,
                    works[own].one);
}

tw_status tw__directory_lock(tw_context *ctx, const char *directory, tw__work own, void **lock, tw_error *err)
{
    char path[TW__PATH];
    TW_TRY(tw__path_in(directory, works[own].lock, path, err));
    int e = ctx->io.open(ctx->io.user, path, TW_OPEN_WRITE, lock);
    if (!e) return TW_OK;
    *lock = NULL;
    return e == EBUSY ? tw__directory_in_use(directory, own, err)
                      : tw__fail_system(err, e, "cannot lock", path);
}

tw_status tw__directory_gone(const char *directory, tw__work own, tw_error *err)
{
    return tw__fail(err, TW_ERR_SYSTEM,
                    "%.300s was removed or replaced while %s was written there: nothing more is written",
                    directory, works[own].one);
}

tw_status tw__directory_still(tw_context *ctx, const char *directory, tw__work own, void *lock, tw_error *err)
{
    char path[TW__PATH];
    int is = 1;
    if (!lock || !ctx->io.is_at) return TW_OK;
    TW_TRY(tw__path_in(directory, works[own].lock, path, err));
    int e = ctx->io.is_at(ctx->io.user, lock, path, &is);
    if (e) return tw__fail_system(err, e, "cannot look at", path);
    return is ? TW_OK : tw__directory_gone(directory, own, err);
}

void tw__directory_unlock(tw_context *ctx, const char *directory, tw__work own, void *lock)
{
    char path[TW__PATH];
    if (!lock) return;
    /* while it is ours */
    if (tw__directory_still(ctx, directory, own, lock, NULL) == TW_OK &&
        tw__path_in(directory, works[own].lock, path, NULL) == TW_OK)
        ctx->io.remove(ctx->io.user, path);
    ctx->io.close(ctx->io.user, lock);
}
