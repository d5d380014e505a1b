/* A race's directory as processes share it: race.db has a row for every run that is to be made, with its
 * result once it is in; race.lock says which process works on what. A row's lock is a byte of that file, held
 * by an open file description and dropped by the kernel with its process, so that no clock and no heartbeat
 * is needed:
 *
 *   byte 0           shared by all who have the folder open; the process that replaces the race holds it
 *     alone
 *   byte 1 .. n      row i is being worked on
 *   byte n + 1       the page, and in the end the result, is being written
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_DATABASE_H
#define TW_RACE_DATABASE_H
#include "base/context.h"

typedef struct tw__database tw__database;
typedef struct tw__database_row {
    const char *optimizer;
    int is_trial;
    double lr; /* NaN: none */
    uint64_t seed;
} tw__database_row;

/* Makes the folder and, in one step, race.db, rows without results. TW_ERR_SPEC: a race is there already,
 * unless it is to be replaced; that one stays until the new one is whole. */
tw_status tw__database_create(tw__database **out, tw_context *ctx, const char *directory, int replace,
                              const char *description, const tw__database_row *rows, size_t n, tw_error *err);
tw_status tw__database_open(tw__database **out, tw_context *ctx, const char *directory, tw_error *err);
void tw__database_close(tw__database *s); /* NULL is fine; drops its locks */
/* A descriptor that keeps the race from being replaced for as long as it is open, also after close; -1 where
 * nothing can be locked. */
tw_status tw__database_hold(const tw__database *s, int *fd, tw_error *err);
/* What the race is, as it was created with; freed by tw__free_text. */
tw_status tw__database_description(tw__database *s, char **text, tw_error *err);

/* Takes a row, one at a time: locks one that has no result, that no process works on, and that is no run of
 * an optimiser with trials to come. Its number from 0, or n if there is none at the moment. *left: rows
 * without results. */
tw_status tw__database_take(tw__database *s, uint64_t *row, uint64_t *left, tw_error *err);
tw_status tw__database_put(tw__database *s, uint64_t row, const char *result, tw_error *err);
void tw__database_release(tw__database *s, uint64_t row);
/* A row's result, freed by tw__free_text; NULL: it is not in. */
tw_status tw__database_get(tw__database *s, uint64_t row, char **result, tw_error *err);
uint64_t tw__database_rows(const tw__database *s);
tw_status tw__database_has(tw__database *s, uint64_t row, int *in, tw_error *err);
tw_status tw__database_left(tw__database *s, uint64_t *left, tw_error *err);

/* The lock to write the result under: *got 0: another has it. */
tw_status tw__database_lock_result(tw__database *s, int *got, tw_error *err);
void tw__database_unlock_result(tw__database *s);
/* 1: a process that was killed has left files beside race.db that settling removes. */
int tw__database_is_unsettled(const tw__database *s);
/* All results are in, under the lock: race.db becomes one file that can be read where nothing can be written,
 * unless others read it now. TW_ERR_MEMORY. */
tw_status tw__database_settle(tw__database *s, tw_error *err);
#endif
