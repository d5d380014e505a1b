/* Lists of specs, separated by spaces.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_LISTS_H
#define TW_TRAIN_LISTS_H
#include "base/error.h"

/* Refuses a word in which other separators stand between members: "sgd,adam:lr=0.1" reads as one spec with
 * options. what: "optimizers". */
tw_status tw__list_check(const char *word, const char *what, int (*is_member)(const char *name),
                         tw_error *err);
#endif
