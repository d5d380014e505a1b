/* A race's directory: what the race is and its runs' results, written into its database and read back.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_PERSIST_H
#define TW_RACE_PERSIST_H
#include "race/race.h"

/* A task's run out of the directory, and into it. */
tw_status tw__race_fetch(tw_race *race, uint64_t task, tw_error *err);
tw_status tw__race_put(tw_race *race, uint64_t task, tw_error *err);
/* A finished race with all its runs; a race whose runs are all in memory, with `out` made into a directory.
 * For merging. */
tw_status tw__race_load(tw_race **out, tw_context *ctx, const char *directory, const tw_race_options *given,
                        tw_error *err);
tw_status tw__race_enter(tw_race *race, tw_error *err);
#endif
