/* race.lock, whose bytes processes lock to share a race (database.h): by open file description, so that the
 * kernel drops a lock with its process.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_LOCK_H
#define TW_RACE_LOCK_H
#include <fcntl.h> /* F_RDLCK, F_WRLCK */
#include "base/context.h"

enum { TW__OPEN_BYTE = 0 }; /* of all who have the folder open */

typedef struct tw__race_lock {
    const char *directory; /* the caller's */
    int fd;                /* -1: not open, or it cannot be written */
} tw__race_lock;

tw__race_lock tw__lock_of(const char *directory);
tw_status tw__lock_open(tw__race_lock *lock, tw_error *err); /* fine if it is open */
void tw__lock_close(tw__race_lock *lock);                    /* drops its locks */
/* Locks n bytes (0: all from there on) as F_RDLCK or F_WRLCK. *got 0: another process holds one. */
tw_status tw__lock_set(const tw__race_lock *lock, short type, uint64_t at, uint64_t n, int *got,
                       tw_error *err);
void tw__lock_drop(const tw__race_lock *lock, uint64_t at, uint64_t n);
/* Opens it and locks n bytes from the first on (0: all of it), of the file that has the name then. */
tw_status tw__lock_take(tw__race_lock *lock, short type, uint64_t n, int *got, tw_error *err);
/* Before anything is written: TW_ERR_SYSTEM where the directory is no longer the one whose lock is open. */
tw_status tw__lock_check(const tw__race_lock *lock, tw_error *err);
/* A descriptor that holds the locks for as long as it is open, also after close; -1: it is not open. */
tw_status tw__lock_hold(const tw__race_lock *lock, int *fd, tw_error *err);
#endif
