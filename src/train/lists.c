/* Lists of specs; see lists.h.
 * SPDX-License-Identifier: MIT */
#include "train/lists.h"
#include <stdio.h>
#include <string.h>
#include <thalweg/registry.h>

tw_status tw__list_check(const char *word, const char *what, int (*is_member)(const char *name), tw_error *err)
{
    char blanks[TW_SPEC_MAX], name[TW_SPEC_MAX];
    int found = 0;
    snprintf(blanks, sizeof blanks, "%s", word);
    for (size_t i = 0; blanks[i]; i++) {
        if (blanks[i] != ',' && blanks[i] != ';') continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(blanks + i + 1, ":@+,;"), blanks + i + 1);
        if (!is_member(name)) continue;
        blanks[i] = ' ';
        found = 1;
    }
    return found ? tw__fail(err, TW_ERR_SPEC, "%s are separated by blanks: \"%.300s\", not \"%.100s\"", what, blanks, word) : TW_OK;
}
