/* A race's folder as a place to work in: race.db has a row for every run that is to be made, with its result once it is in; race.lock says who
 * works on what. A row's lock is a byte of that file, held by an open file description and dropped by the kernel with its process, so that no clock
 * and no heartbeat is needed:
 *
 *   byte 0           shared by all who have the folder open; who replaces the race holds it alone
 *   byte 1 .. n      row i is being worked on
 *   byte n + 1       the page, and in the end the result, is being written
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_STORE_H
#define TW_RACE_STORE_H
#include "base/context.h"

typedef struct tw__store tw__store;
typedef struct tw__store_row { const char *optimizer; int is_trial; double lr; /* NaN: none */ uint64_t seed; } tw__store_row;

/* Makes the folder and, in one step, race.db, rows without results. TW_ERR_SPEC: a race is there already, unless it is to be replaced; that one stays
 * until the new one is whole. */
tw_status tw__store_create(tw__store **out, tw_context *ctx, const char *folder, int replace, const char *description, const tw__store_row *rows,
                           size_t n, tw_error *err);
tw_status tw__store_open(tw__store **out, tw_context *ctx, const char *folder, tw_error *err);
void tw__store_close(tw__store *s);                     /* NULL is fine; drops its locks */
/* What the race is, as it was created with; freed by tw__free_text. */
tw_status tw__store_description(tw__store *s, char **text, tw_error *err);

/* Takes a row, one at a time: locks one that has no result, that nobody works on, and that is no run of an optimiser with trials to come. Its number
 * from 0, or n if there is none at the moment. *left: rows without results. */
tw_status tw__store_take(tw__store *s, uint64_t *row, uint64_t *left, tw_error *err);
tw_status tw__store_put(tw__store *s, uint64_t row, const char *result, tw_error *err);
void tw__store_release(tw__store *s, uint64_t row);
/* A row's result, freed by tw__free_text; NULL: it is not in. */
tw_status tw__store_get(tw__store *s, uint64_t row, char **result, tw_error *err);
uint64_t tw__store_rows(const tw__store *s);
tw_status tw__store_has(tw__store *s, uint64_t row, int *in, tw_error *err);
tw_status tw__store_left(tw__store *s, uint64_t *left, tw_error *err);

/* The lock to write the result under: *got 0: another has it. */
tw_status tw__store_lock_result(tw__store *s, int *got, tw_error *err);
void tw__store_unlock_result(tw__store *s);
/* All results are in: race.db becomes one file that can be read where nothing can be written. Drops the lock. */
void tw__store_settle(tw__store *s);
#endif
