/* JSON in every locale; see json_parse.h.
 * SPDX-License-Identifier: MIT */
#include "file/json_parse.h"
#include "base/decimal.h"

json_t *tw__json_parse(const char *text, size_t n, json_error_t *e)
{
    tw__decimal_mode mode;
    tw__decimal_enter(&mode);
    json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES, e);
    tw__decimal_leave(&mode);
    return json;
}

char *tw__json_dump(const json_t *json, size_t flags)
{
    tw__decimal_mode mode;
    if (!json) return NULL;
    tw__decimal_enter(&mode);
    char *text = json_dumps(json, flags);
    tw__decimal_leave(&mode);
    return text;
}
