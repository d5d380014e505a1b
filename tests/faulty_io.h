/* Memory and files that fail on demand, for tests in which every allocation and every file operation fails in
 * turn: each is counted, and the one whose number is given fails, once or with all that follow. Reads and
 * writes may be short; a sync takes no time, as what is not killed needs none.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_FAULTY_IO_H
#define TESTS_FAULTY_IO_H
#include "base/io.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct faults {
    /* So far, of all threads; which one fails, from 1 on, 0: none; bytes held, most of them. */
    _Atomic long allocations, live, peak;
    long fail_allocation;
    /* the same for file operations */
    _Atomic long steps;
    long fail_step;
    /* what has failed once goes on failing */
    int for_ever;
    /* reads and writes are not cut short */
    int whole;
    int only_changes; /* what only reads is not counted */
    /* the file that was last opened to be written */
    void *written;
} faults;

static inline int faulty_due(long now, long at, int for_ever)
{
    return at > 0 && (now == at || (for_ever && now > at));
}
static inline int faulty_step(faults *f) { return faulty_due(++f->steps, f->fail_step, f->for_ever); }
static inline int faulty_look(faults *f) { return !f->only_changes && faulty_step(f); }

static inline void *faulty_resize(void *user, void *p, size_t old, size_t now, size_t align)
{
    faults *f = user;
    if (now > 0 && faulty_due(++f->allocations, f->fail_allocation, f->for_ever)) return NULL;
    void *q = NULL;
    if (now > 0) {
        if (posix_memalign(&q, align < sizeof(void *) ? sizeof(void *) : align, now) != 0) return NULL;
        size_t kept = p ? old < now ? old : now : 0;
        if (kept) memcpy(q, p, kept);
        memset((char *)q + kept, 0xa5, now - kept); /* so that nobody relies on zeros */
    }
    free(p);
    f->live += (long)now - (p ? (long)old : 0);
    if (f->live > f->peak) f->peak = f->live;
    return q;
}

static inline int faulty_open(void *user, const char *path, int mode, void **file)
{
    faults *f = user;
    if (mode == TW_OPEN_READ ? faulty_look(f) : faulty_step(f)) return EACCES;
    int error = tw__system_io.open(NULL, path, mode, file);
    if (!error && mode != TW_OPEN_READ) f->written = *file;
    return error;
}

static inline int faulty_read(void *user, void *file, void *to, size_t n, size_t *got)
{
    faults *f = user;
    return faulty_look(f) ? EIO : tw__system_io.read(NULL, file, to, f->whole || n < 6 ? n : 3 + n / 2, got);
}

static inline int faulty_write(void *user, void *file, const void *from, size_t n, size_t *put)
{
    faults *f = user;
    return faulty_step(f) ? ENOSPC
                          : tw__system_io.write(NULL, file, from, f->whole || n < 6 ? n : n - 3, put);
}

/* The file is closed all the same. Of one that was only read nothing can be lost, and nobody need look at the
 * answer. */
static inline int faulty_close(void *user, void *file)
{
    faults *f = user;
    int error = tw__system_io.close(NULL, file);
    if (file != f->written) return error;
    f->written = NULL;
    return faulty_step(f) ? EIO : error;
}

static inline int faulty_sync(void *user, void *file) { return (void)file, faulty_step(user) ? EIO : 0; }
static inline int faulty_sync_directory(void *user, const char *path)
{
    return (void)path, faulty_step(user) ? EIO : 0;
}
static inline int faulty_rename(void *user, const char *from, const char *to)
{
    return faulty_step(user) ? EIO : tw__system_io.rename(NULL, from, to);
}
static inline int faulty_make_directory(void *user, const char *path)
{
    return faulty_step(user) ? EACCES : tw__system_io.make_directory(NULL, path);
}
static inline int faulty_kind(void *user, const char *path, int *kind)
{
    return faulty_look(user) ? EIO : tw__system_io.kind(NULL, path, kind);
}
static inline int faulty_is_empty(void *user, const char *path, int *empty)
{
    return faulty_look(user) ? EIO : tw__system_io.is_empty(NULL, path, empty);
}
static inline int faulty_list(void *user, const char *path, int (*each)(void *to, const char *name), void *to)
{
    return faulty_look(user) ? EIO : tw__system_io.list(NULL, path, each, to);
}
/* Never fails: it cleans up after what failed. */
static inline int faulty_remove(void *user, const char *path)
{
    return (void)user, tw__system_io.remove(NULL, path);
}
/* Nor does this: it is asked before a lock is removed. */
static inline int faulty_is_at(void *user, void *file, const char *path, int *is)
{
    return (void)user, tw__system_io.is_at(NULL, file, path, is);
}

static inline tw_io faulty_io(faults *f)
{
    return (tw_io){sizeof(tw_io),
                   faulty_open,
                   faulty_read,
                   faulty_write,
                   faulty_sync,
                   faulty_close,
                   faulty_rename,
                   faulty_remove,
                   faulty_make_directory,
                   faulty_sync_directory,
                   faulty_kind,
                   f,
                   faulty_is_empty,
                   faulty_is_at,
                   NULL,
                   NULL,
                   NULL,
                   NULL,
                   faulty_list};
}

/* A context on `f`, which is emptied first. Not with more than one thread where allocations are looked at:
 * the counters are plain. */
static inline tw_status faulty_context(tw_context **out, faults *f, int threads, tw_error *err)
{
    tw_io io = faulty_io(f);
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    *f = (faults){.steps = 0};
    o.resize = faulty_resize;
    o.user = f;
    o.io = &io;
    o.threads = threads;
    return tw_context_create(out, &o, err);
}
#endif
