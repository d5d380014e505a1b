/* race.lock; see lock.h.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "race/lock.h"
#include "base/io.h"
#include "file/directory.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

tw__race_lock tw__lock_of(const char *directory) { return (tw__race_lock){directory, -1}; }

tw_status tw__lock_open(tw__race_lock *lock, tw_error *err)
{
    char path[TW__PATH];
    if (lock->fd >= 0) return TW_OK;
    TW_TRY(tw__path_in(lock->directory, "race.lock", path, err));
    lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    return lock->fd >= 0 ? TW_OK : tw__fail_system(err, errno, "cannot open", path);
}

void tw__lock_close(tw__race_lock *lock)
{
    if (lock->fd >= 0) close(lock->fd);
    lock->fd = -1;
}

tw_status tw__lock_set(const tw__race_lock *lock, short type, uint64_t at, uint64_t n, int *got,
                       tw_error *err)
{
    struct flock bytes = {.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)at, .l_len = (off_t)n};
    *got = fcntl(lock->fd, F_OFD_SETLK, &bytes) == 0;
    if (*got || errno == EAGAIN || errno == EACCES) return TW_OK;
    char text[128];
    return tw__fail(err, TW_ERR_SYSTEM,
                    "cannot lock %.300s/race.lock: %s (a race's folder must be on a file system with locks)",
                    lock->directory, tw__system_text(errno, text, sizeof text));
}

void tw__lock_drop(const tw__race_lock *lock, uint64_t at, uint64_t n)
{
    int got;
    if (lock->fd >= 0) tw__lock_set(lock, F_UNLCK, at, n, &got, NULL);
}

static int is_in_place(const tw__race_lock *lock)
{
    char path[TW__PATH];
    struct stat held, there;
    return tw__path_in(lock->directory, "race.lock", path, NULL) == TW_OK && fstat(lock->fd, &held) == 0 &&
           stat(path, &there) == 0 && held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

/* The process that had the lock before may have removed the file. */
tw_status tw__lock_take(tw__race_lock *lock, short type, uint64_t n, int *got, tw_error *err)
{
    for (int tries = 0; tries < 100; tries++) {
        TW_TRY(tw__lock_open(lock, err));
        TW_TRY(tw__lock_set(lock, type, TW__OPEN_BYTE, n, got, err));
        if (!*got || is_in_place(lock)) return TW_OK;
        tw__lock_close(lock);
    }
    *got = 0;
    return TW_OK;
}

tw_status tw__lock_check(const tw__race_lock *lock, tw_error *err)
{
    return lock->fd < 0 || is_in_place(lock) ? TW_OK
                                             : tw__directory_gone(lock->directory, TW__WORK_RACE, err);
}

tw_status tw__lock_hold(const tw__race_lock *lock, int *fd, tw_error *err)
{
    char text[128];
    *fd = lock->fd >= 0 ? fcntl(lock->fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (*fd >= 0 || lock->fd < 0) return TW_OK;
    return tw__fail(err, TW_ERR_SYSTEM, "cannot hold %.300s/race.lock: %s", lock->directory,
                    tw__system_text(errno, text, sizeof text));
}
