/* A disk for SQLite on which so many writes and syncs succeed and no more; a sync takes no time, as what is
 * not killed needs none.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_FULL_DISK_H
#define TESTS_FULL_DISK_H
#include <sqlite3.h>
#include <stdlib.h>

/* disk_writes_left -1: all succeed. */
static sqlite3_vfs *disk_real, disk_full;
static int disk_writes_left = -1;
/* called where the first one fails; NULL: it just fails */
static void (*disk_at_end)(void);
struct disk_file {
    sqlite3_file base;
    sqlite3_file *real;
};
static inline sqlite3_file *disk_of(sqlite3_file *f) { return ((struct disk_file *)f)->real; }
static inline int disk_is_full(void)
{
    if (disk_writes_left > 0) return disk_writes_left--, 0;
    if (disk_writes_left == 0 && disk_at_end) disk_at_end();
    return disk_writes_left == 0;
}

static inline int disk_close(sqlite3_file *f)
{
    int code = disk_of(f)->pMethods ? disk_of(f)->pMethods->xClose(disk_of(f)) : SQLITE_OK;
    free(disk_of(f));
    return code;
}
static inline int disk_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return disk_of(f)->pMethods->xRead(disk_of(f), to, n, at);
}
static inline int disk_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    return disk_is_full() ? SQLITE_FULL : disk_of(f)->pMethods->xWrite(disk_of(f), from, n, at);
}
static inline int disk_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    return disk_of(f)->pMethods->xTruncate(disk_of(f), n);
}
static inline int disk_sync(sqlite3_file *f, int flags)
{
    (void)f, (void)flags;
    return disk_is_full() ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}
static inline int disk_size(sqlite3_file *f, sqlite3_int64 *n)
{
    return disk_of(f)->pMethods->xFileSize(disk_of(f), n);
}
static inline int disk_lock(sqlite3_file *f, int level)
{
    return disk_of(f)->pMethods->xLock(disk_of(f), level);
}
static inline int disk_unlock(sqlite3_file *f, int level)
{
    return disk_of(f)->pMethods->xUnlock(disk_of(f), level);
}
static inline int disk_reserved(sqlite3_file *f, int *out)
{
    return disk_of(f)->pMethods->xCheckReservedLock(disk_of(f), out);
}
static inline int disk_control(sqlite3_file *f, int what, void *arg)
{
    return disk_of(f)->pMethods->xFileControl(disk_of(f), what, arg);
}
static inline int disk_sector(sqlite3_file *f) { return disk_of(f)->pMethods->xSectorSize(disk_of(f)); }
static inline int disk_traits(sqlite3_file *f)
{
    return disk_of(f)->pMethods->xDeviceCharacteristics(disk_of(f));
}
static inline int disk_map(sqlite3_file *f, int page, int size, int extend, void volatile **to)
{
    return disk_of(f)->pMethods->xShmMap(disk_of(f), page, size, extend, to);
}
static inline int disk_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return disk_of(f)->pMethods->xShmLock(disk_of(f), at, n, flags);
}
static inline void disk_barrier(sqlite3_file *f) { disk_of(f)->pMethods->xShmBarrier(disk_of(f)); }
static inline int disk_unmap(sqlite3_file *f, int remove)
{
    return disk_of(f)->pMethods->xShmUnmap(disk_of(f), remove);
}
static const sqlite3_io_methods disk_methods =
    {2,           disk_close, disk_read,     disk_write,    disk_truncate, disk_sync,
     disk_size,   disk_lock,  disk_unlock,   disk_reserved, disk_control,  disk_sector,
     disk_traits, disk_map,   disk_shm_lock, disk_barrier,  disk_unmap,    NULL,
     NULL};

static inline int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    (void)vfs;
    struct disk_file *to = (struct disk_file *)f;
    to->real = calloc(1, (size_t)disk_real->szOsFile);
    int code = disk_real->xOpen(disk_real, name, to->real, flags, out);
    f->pMethods = code == SQLITE_OK ? &disk_methods : NULL;
    if (code != SQLITE_OK) free(to->real);
    return code;
}

static inline int disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    return (void)vfs, (void)sync, disk_real->xDelete(disk_real, name, 0);
}

/* All databases that are opened from now on are on this disk. */
static inline void disk_begin(void)
{
    disk_real = sqlite3_vfs_find(NULL);
    disk_full = *disk_real;
    disk_full.szOsFile = sizeof(struct disk_file);
    disk_full.zName = "full";
    disk_full.xOpen = disk_open;
    disk_full.xDelete = disk_delete;
    sqlite3_vfs_register(&disk_full, 1);
}

static inline void disk_end(void) { sqlite3_vfs_unregister(&disk_full); }
#endif
