/* Finding a name in a list, and guessing which one was meant.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_NAMES_H
#define TW_BASE_NAMES_H
#include "base/spec.h"

/* A list of names: name i, NULL past the last. tw_suggest (registry.h) takes the same. */
typedef const char *tw__name_at(size_t i, const void *user);

/* The place of `name` in the list; -1 if it is not there. */
int tw__name_find(tw__text name, tw__name_at *at, const void *user);
/* Fails with `problem "name" (did you mean "..."?)` or, where no name is near, `problem "name"; supported: a,
 * b, c`. problem: "unknown rule". */
tw_status tw__name_unknown(const char *problem, tw__text name, tw__name_at *at, const void *user,
                           tw_error *err);

/* The same for names that are in no list: offer each, then ask for the hint, ` (did you mean "adam"?)`, or ""
 * where none is near. */
typedef struct tw__guess {
    tw__text wanted, best;
    int distance;
    char hint[96];
} tw__guess;
tw__guess tw__guess_for(tw__text wanted);
void tw__guess_offer(tw__guess *g, tw__text candidate);
int tw__guess_is_near(const tw__guess *g);
const char *tw__guess_hint(tw__guess *g);

/* Writes "a, b and c", of the names that fit whole; returns how many there are. */
enum { TW__NAMES = 200 };
size_t tw__names_join(char to[TW__NAMES], tw__name_at *at, const void *user);
#endif
