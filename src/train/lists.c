/* Lists of specs; see lists.h.
 * SPDX-License-Identifier: MIT */
#include "train/lists.h"
#include <stdio.h>
#include <string.h>
#include <thalweg/registry.h>

tw_status tw__list_check(const char *word, const char *what, int (*is_member)(const char *name),
                         tw_error *err)
{
    char spaces[TW_SPEC_MAX], name[TW_SPEC_MAX];
    int found = 0;
    snprintf(spaces, sizeof spaces, "%s", word);
    for (size_t i = 0; spaces[i]; i++) {
        if (spaces[i] != ',' && spaces[i] != ';') continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(spaces + i + 1, ":@+,;"), spaces + i + 1);
        if (!is_member(name)) continue;
        spaces[i] = ' ';
        found = 1;
    }
    return found ? tw__fail(err, TW_ERR_SPEC, "%s are separated by spaces: \"%.300s\", not \"%.100s\"", what,
                            spaces, word)
                 : TW_OK;
}
