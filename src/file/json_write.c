/* JSON as text; see json.h. jansson's json_dumps loses a key where its text cannot grow: here the length is
 * known before.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "file/json.h"

tw_status tw__json_dump(tw_context *ctx, const json_t *json, size_t flags, char **text, tw_error *err)
{
    tw__decimal_mode mode;
    *text = NULL;
    tw__decimal_enter(&mode);
    const size_t n = json_dumpb(json, NULL, 0, flags);
    tw_status s = n ? tw__alloc(ctx, text, n + 1, 1, err) : TW_ERR_MEMORY;
    if (s == TW_OK && json_dumpb(json, *text, n, flags) != n) {
        tw__free(ctx, *text, n + 1, 1);
        *text = NULL;
        s = TW_ERR_MEMORY;
    }
    tw__decimal_leave(&mode);
    return *text ? TW_OK : tw__fail(err, s, "out of memory for JSON");
}
