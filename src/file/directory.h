/* Checks and locks the directory that a command is to write into: other programs' files are never overwritten
 * (design/0019).
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_DIRECTORY_H
#define TW_FILE_DIRECTORY_H
#include "base/context.h"

/* What this library fills a directory with. */
typedef enum tw__work { TW__WORK_RUN, TW__WORK_RACE, TW__WORK_FIGURES, TW__WORK_RATES } tw__work;

/* Checks that `own` may be written there: the directory is missing, empty, or holds `own` already, whole or
 * begun; the caller decides whether that may be replaced. TW_ERR_SPEC: it holds something else, which the
 * message names. TW_ERR_SYSTEM: it is no directory. */
tw_status tw__directory_check(tw_context *ctx, const char *directory, tw__work own, tw_error *err);

/* Locks a directory that is there for the process that writes `own` (a run or figures) into it, until unlock
 * or the process's end, however that comes. TW_ERR_SPEC: another process has it; TW_ERR_NOT_FOUND: it is not
 * there (any more). */
tw_status tw__directory_lock(tw_context *ctx, const char *directory, tw__work own, void **lock,
                             tw_error *err);
/* Before anything is written: TW_ERR_SYSTEM where the directory was removed or replaced, and is not the one
 * that was locked. lock NULL: nothing is known. */
tw_status tw__directory_still(tw_context *ctx, const char *directory, tw__work own, void *lock,
                              tw_error *err);
/* The errors of lock and still: TW_ERR_SPEC, TW_ERR_SYSTEM. */
tw_status tw__directory_in_use(const char *directory, tw__work own, tw_error *err);
tw_status tw__directory_gone(const char *directory, tw__work own, tw_error *err);
void tw__directory_unlock(tw_context *ctx, const char *directory, tw__work own,
                          void *lock); /* NULL is fine */
#endif
