/* Building JSON; see json.h. Only here is anything put into a tree.
 * SPDX-License-Identifier: MIT */
#include "file/json.h"
#include "file/utf8.h"
#include <math.h>
#include <string.h>

static void note(tw__json_builder *b, int bad)
{
    if (bad && b->status == TW_OK) b->status = tw__fail(b->err, TW_ERR_MEMORY, "out of memory for JSON");
}

static json_t *made(tw__json_builder *b, json_t *value)
{
    note(b, !value);
    return value;
}

json_t *tw__json_object(tw__json_builder *b) { return made(b, json_object()); }
json_t *tw__json_list(tw__json_builder *b) { return made(b, json_array()); }
json_t *tw__json_integer(tw__json_builder *b, int64_t n) { return made(b, json_integer(n)); }
json_t *tw__json_natural(tw__json_builder *b, uint64_t n) { return tw__json_integer(b, (int64_t)n); }

json_t *tw__json_text_value(tw__json_builder *b, const char *text)
{
    if (b->status == TW_OK && !tw__utf8_is_valid(text))
        b->status = tw__fail(b->err, TW_ERR_SPEC, "\"%.100s\" is not valid UTF-8", text);
    return made(b, json_string(text));
}

json_t *tw__json_real(tw__json_builder *b, double x)
{
    return made(b, isfinite(x) ? json_real(x) : json_null());
}

json_t *tw__json_reals(tw__json_builder *b, const double *x, size_t n)
{
    json_t *list = tw__json_list(b);
    for (size_t i = 0; i < n; i++) tw__json_append(b, list, tw__json_real(b, x[i]));
    return list;
}

void tw__json_put(tw__json_builder *b, json_t *object, const char *key, json_t *value)
{
    note(b, json_object_set_new(object, key, value));
}

void tw__json_append(tw__json_builder *b, json_t *list, json_t *value)
{
    note(b, json_array_append_new(list, value));
}

void tw__json_put_text(tw__json_builder *b, json_t *object, const char *key, const char *text)
{
    if (text) tw__json_put(b, object, key, tw__json_text_value(b, text));
}

void tw__json_put_real(tw__json_builder *b, json_t *object, const char *key, double x)
{
    if (!isnan(x)) tw__json_put(b, object, key, tw__json_real(b, x));
}

void tw__json_put_natural(tw__json_builder *b, json_t *object, const char *key, uint64_t n)
{
    tw__json_put(b, object, key, tw__json_natural(b, n));
}

void tw__json_put_members(tw__json_builder *b, json_t *object, const json_t *from, const char *but)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)from, key, value)
        if (!but || strcmp(key, but) != 0) tw__json_put(b, object, key, json_incref(value));
}

tw_status tw__json_take(tw__json_builder *b, json_t *root, json_t **out)
{
    *out = b->status == TW_OK ? root : NULL;
    if (!*out) json_decref(root);
    return b->status;
}
