/* The system's files, and whole-file reading and writing over any I/O table.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/io.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int handle(void *file) { return (int)(intptr_t)file - 1; }

static int is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Opens what a program that was killed may have left here, and locks it: a lock goes with its holder, however
 * that ended. A link or pipe that another process put here is removed, not followed. EAGAIN: what was opened
 * is no longer what has this name. */
static int try_to_write(const char *path, int *to)
{
    struct stat held, there;
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666), e = 0;
    if (fd < 0) return (errno == ELOOP || errno == ENXIO) && unlink(path) == 0 ? EAGAIN : errno;
    /* a file system without locks is no hindrance */
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) e = EBUSY;
    else if (fstat(fd, &held) != 0) e = errno;
    else if (lstat(path, &there) != 0 || !is_same_file(&held, &there)) e = EAGAIN;
    else if (!S_ISREG(held.st_mode) || held.st_nlink != 1) e = unlink(path) == 0 ? EAGAIN : errno;
    else if (ftruncate(fd, 0) != 0) e = errno;
    if (e) close(fd);
    else *to = fd;
    return e;
}

static int open_to_write(const char *path, int *fd)
{
    int e = EAGAIN;
    for (int tries = 0; e == EAGAIN && tries < 100; tries++) e = try_to_write(path, fd);
    return e;
}

static int sys_open(void *user, const char *path, int mode, void **file)
{
    (void)user;
    int fd, e = 0;
    if (mode == TW_OPEN_WRITE) e = open_to_write(path, &fd);
    else if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) e = errno;
    if (!e) *file = (void *)(intptr_t)(fd + 1); /* descriptor 0 is not NULL */
    return e;
}

static int sys_read(void *user, void *file, void *to, size_t n, size_t *got)
{
    (void)user;
    ssize_t r;
    do r = read(handle(file), to, n);
    while (r < 0 && errno == EINTR);
    if (r < 0) return errno;
    *got = (size_t)r;
    return 0;
}

static int sys_write(void *user, void *file, const void *from, size_t n, size_t *put)
{
    (void)user;
    ssize_t r;
    do r = write(handle(file), from, n);
    while (r < 0 && errno == EINTR);
    if (r < 0) return errno;
    *put = (size_t)r;
    return 0;
}

static int sys_sync(void *user, void *file)
{
    (void)user;
    return fsync(handle(file)) == 0 ? 0 : errno;
}
static int sys_close(void *user, void *file)
{
    (void)user;
    return close(handle(file)) == 0 ? 0 : errno;
}
static int sys_rename(void *user, const char *from, const char *to)
{
    (void)user;
    return rename(from, to) == 0 ? 0 : errno;
}
static int sys_remove(void *user, const char *path)
{
    (void)user;
    return remove(path) == 0 ? 0 : errno;
}
static int sys_make_directory(void *user, const char *path)
{
    (void)user;
    return mkdir(path, 0777) == 0 ? 0 : errno;
}

static int sys_sync_directory(void *user, const char *path)
{
    (void)user;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno;
    /* some file systems cannot sync a folder and need not */
    int result = fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
    close(fd);
    return result;
}

static int sys_kind(void *user, const char *path, int *kind)
{
    (void)user;
    struct stat s;
    if (stat(path, &s) == 0)
        *kind = S_ISDIR(s.st_mode) ? TW_PATH_DIRECTORY : S_ISREG(s.st_mode) ? TW_PATH_FILE : TW_PATH_OTHER;
    else if (errno == ENOENT || errno == ENOTDIR) *kind = TW_PATH_NONE;
    else return errno;
    return 0;
}

static int sys_is_empty(void *user, const char *path, int *empty)
{
    (void)user;
    DIR *directory = opendir(path);
    if (!directory) return errno;
    int names = 0;
    while (names < 3 && readdir(directory)) names++; /* "." and ".." are always there */
    closedir(directory);
    *empty = names < 3;
    return 0;
}

static int sys_list(void *user, const char *path, int (*each)(void *to, const char *name), void *to)
{
    (void)user;
    DIR *directory = opendir(path);
    if (!directory) return errno;
    int e = 0;
    do {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry) break;
        e = each(to, entry->d_name);
    } while (!e);
    if (!e) e = errno;
    closedir(directory);
    return e;
}

static int sys_is_at(void *user, void *file, const char *path, int *is)
{
    (void)user;
    struct stat held, there;
    if (fstat(handle(file), &held) != 0) return errno;
    *is = lstat(path, &there) == 0 && is_same_file(&held, &there);
    return 0;
}

static int sys_map(void *user, void *file, void **bytes, size_t *n)
{
    (void)user;
    struct stat s;
    if (fstat(handle(file), &s) != 0) return errno;
    if (!S_ISREG(s.st_mode) || s.st_size <= 0 || (uint64_t)s.st_size > SIZE_MAX) return ENODEV;
    *n = (size_t)s.st_size;
    *bytes = mmap(NULL, *n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, handle(file), 0);
    return *bytes == MAP_FAILED ? errno : 0;
}

static void sys_unmap(void *user, void *bytes, size_t n)
{
    (void)user;
    munmap(bytes, n);
}

static void sys_forget(void *user, void *bytes, size_t n)
{
    (void)user;
    madvise(bytes, n, MADV_DONTNEED);
}

static int sys_stamp(void *user, const char *path, uint64_t *bytes, int64_t *written)
{
    (void)user;
    struct stat s;
    if (stat(path, &s) != 0) return errno;
    *bytes = (uint64_t)s.st_size;
    *written = (int64_t)s.st_mtim.tv_sec * 1000000000 + s.st_mtim.tv_nsec;
    return 0;
}

const tw_io tw__system_io = {sizeof(tw_io),      sys_open,           sys_read,   sys_write,
                             sys_sync,           sys_close,          sys_rename, sys_remove,
                             sys_make_directory, sys_sync_directory, sys_kind,   NULL,
                             sys_is_empty,       sys_is_at,          sys_map,    sys_unmap,
                             sys_stamp,          sys_forget,         sys_list};

tw_status tw__fail_system(tw_error *err, int error, const char *what, const char *path)
{
    char text[128];
    const char *reason = tw__system_text(error, text, sizeof text);
    tw_status code = error == ENOENT ? TW_ERR_NOT_FOUND : error == ENOMEM ? TW_ERR_MEMORY : TW_ERR_SYSTEM;
    tw__fail(err, code, "%s %.300s: %s", what, path, reason);
    if (err) snprintf(err->file, sizeof err->file, "%.255s", path);
    return code;
}

tw_status tw__path_kind(tw_context *ctx, const char *path, int *kind, tw_error *err)
{
    int e = ctx->io.kind(ctx->io.user, path, kind);
    return e == 0 ? TW_OK : tw__fail_system(err, e, "cannot look at", path);
}

tw_status tw__find_file(tw_context *ctx, const char *path, int *found, tw_error *err)
{
    int kind = TW_PATH_NONE;
    *found = 0;
    TW_TRY(tw__path_kind(ctx, path, &kind, err));
    *found = kind == TW_PATH_FILE;
    if (*found || kind == TW_PATH_NONE) return TW_OK;
    return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "is a %s, not a file",
                       kind == TW_PATH_DIRECTORY ? "folder" : "pipe, socket or device");
}

tw_status tw__make_parents(tw_context *ctx, const char *path, tw_error *err)
{
    char part[TW__PATH];
    if (strlen(path) >= sizeof part)
        return tw__fail(err, TW_ERR_SPEC, "a path of %zu characters is too long", strlen(path));
    for (const char *slash = path[0] ? strchr(path + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
        int kind;
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        TW_TRY(tw__path_kind(ctx, part, &kind, err));
        if (kind == TW_PATH_FILE || kind == TW_PATH_OTHER)
            return tw__fail(err, TW_ERR_SYSTEM, "cannot make the folder %.300s: %.200s is a file", path,
                            part);
        int e = kind == TW_PATH_NONE ? ctx->io.make_directory(ctx->io.user, part) : 0;
        if (e && e != EEXIST)
            return tw__fail_system(err, e == ENOENT ? ENOTDIR : e, "cannot make the folder", part);
    }
    return TW_OK;
}

static tw_status read_all(tw_context *ctx, void *file, const char *path, size_t cap, uint8_t **bytes,
                          size_t *n, size_t *capacity, tw_error *err)
{
    for (;;) {
        TW_TRY(tw__grow(ctx, bytes, capacity, *n + 65536, 1, err));
        size_t got = 0;
        int e = ctx->io.read(ctx->io.user, file, *bytes + *n, *capacity - *n, &got);
        if (e == 0 && got > *capacity - *n) e = EIO;
        if (e) return tw__fail_system(err, e, "cannot read", path);
        if (got == 0) return TW_OK;
        *n += got;
        if (*n > cap)
            return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                               "longer than the %zu bytes that such a file may have", cap);
    }
}

tw_status tw__read_file(tw_context *ctx, const char *path, size_t cap, uint8_t **bytes, size_t *n,
                        tw_error *err)
{
    void *file;
    uint8_t *all = NULL;
    size_t used = 0, capacity = 0;
    *bytes = NULL;
    *n = 0;
    int e = ctx->io.open(ctx->io.user, path, TW_OPEN_READ, &file);
    if (e) return tw__fail_system(err, e, "cannot open", path);
    tw_status s = read_all(ctx, file, path, cap, &all, &used, &capacity, err);
    ctx->io.close(ctx->io.user, file);
    if (s == TW_OK) s = tw__alloc(ctx, bytes, used, 1, err);
    if (s == TW_OK) {
        memcpy(*bytes, all, used);
        *n = used;
    }
    tw__free(ctx, all, capacity, 1);
    return s;
}

tw_status tw__writer_open(tw__writer *w, tw_context *ctx, const char *path, tw_error *err)
{
    *w = (tw__writer){.ctx = ctx};
    if (strlen(path) >= sizeof w->path)
        return tw__fail(err, TW_ERR_SPEC, "a path of %zu characters is too long", strlen(path));
    snprintf(w->path, sizeof w->path, "%s", path);
    snprintf(w->temporary, sizeof w->temporary, "%s" TW_PARTIAL, path);
    int e = ctx->io.open(ctx->io.user, w->temporary, TW_OPEN_WRITE, &w->file);
    if (e) w->file = NULL;
    if (e == EBUSY)
        return tw__fail(err, TW_ERR_SYSTEM, "cannot write %.300s: another program is writing it", path);
    return e == 0 ? TW_OK
           : e == ENOENT
               ? tw__fail(err, TW_ERR_SYSTEM, "cannot write %.300s: its folder does not exist", path)
               : tw__fail_system(err, e, "cannot write", path);
}

tw_status tw__writer_put(tw__writer *w, const void *from, size_t n, tw_error *err)
{
    const char *p = from;
    while (n > 0) {
        size_t put = 0;
        int e = w->ctx->io.write(w->ctx->io.user, w->file, p, n, &put);
        if (e == 0 && (put == 0 || put > n)) e = EIO;
        if (e) {
            tw__writer_abandon(w);
            return tw__fail_system(err, e, "cannot write", w->path);
        }
        p += put;
        n -= put;
    }
    return TW_OK;
}

void tw__writer_abandon(tw__writer *w)
{
    if (!w->file) return;
    /* while it is ours: once closed, the name may be another writer's */
    w->ctx->io.remove(w->ctx->io.user, w->temporary);
    w->ctx->io.close(w->ctx->io.user, w->file);
    w->file = NULL;
}

static void directory_of(const char *path, char *to, size_t n)
{
    const char *slash = strrchr(path, '/');
    if (!slash) snprintf(to, n, ".");
    else if (slash == path) snprintf(to, n, "/");
    else snprintf(to, n, "%.*s", (int)(slash - path), path);
}

tw_status tw__writer_finish(tw__writer *w, tw_error *err)
{
    const tw_io *io = &w->ctx->io;
    int e = io->sync(io->user, w->file);
    if (!e) e = io->rename(io->user, w->temporary, w->path);
    if (e) {
        tw__writer_abandon(w);
        return tw__fail_system(err, e, "cannot write", w->path);
    }
    e = io->close(io->user, w->file);
    w->file = NULL;
    if (e) return tw__fail_system(err, e, "cannot write", w->path);
    char directory[TW__PATH];
    directory_of(w->path, directory, sizeof directory);
    e = io->sync_directory(io->user, directory);
    return e ? tw__fail_system(err, e, "cannot sync", directory) : TW_OK;
}

tw_status tw__write_text(tw_context *ctx, const char *path, const char *text, tw_error *err)
{
    tw__writer w;
    TW_TRY(tw__writer_open(&w, ctx, path, err));
    TW_TRY(tw__writer_put(&w, text, strlen(text), err));
    return tw__writer_finish(&w, err);
}

tw_status tw__path_in(const char *directory, const char *file, char to[TW__PATH], tw_error *err)
{
    int n = snprintf(to, TW__PATH, "%s/%s", directory, file);
    return n > 0 && n < TW__PATH
               ? TW_OK
               : tw__fail(err, TW_ERR_SPEC, "the folder's name is too long (%zu characters)",
                          strlen(directory));
}
