/* A checksum over the content of an object, not over its text: a file that was only laid out anew keeps it.
 * See json.h.
 * SPDX-License-Identifier: MIT */
#include "file/hash.h"
#include "file/json.h"
#include <string.h>

static const char sum_key[] = "checksum";

static void add_text(tw__hash *h, const char *text)
{
    const size_t n = strlen(text);
    tw__hash_add_number(h, n);
    tw__hash_add(h, text, n);
}

static void add_value(tw__hash *h, const json_t *value, const char *but)
{
    const char *key;
    const json_t *member;
    size_t i;
    const double real = json_real_value(value);
    tw__hash_add_number(h, (uint64_t)json_typeof(value));
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        json_object_foreach ((json_t *)(uintptr_t)value, key, member) {
            if (but && strcmp(key, but) == 0) continue;
            add_text(h, key);
            add_value(h, member, NULL);
        }
        tw__hash_add_number(h, UINT64_MAX);
        break;
    case JSON_ARRAY:
        tw__hash_add_number(h, json_array_size(value));
        json_array_foreach (value, i, member) add_value(h, member, NULL);
        break;
    case JSON_STRING: add_text(h, json_string_value(value)); break;
    case JSON_INTEGER: tw__hash_add_number(h, (uint64_t)json_integer_value(value)); break;
    case JSON_REAL: tw__hash_add(h, &real, sizeof real); break;
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL: break;
    }
}

static void sum(const json_t *json, const char *but, char to[TW__HASH_DIGITS + 1])
{
    tw__hash h;
    tw__hash_start(&h);
    add_value(&h, json, but);
    tw__hash_hex(&h, to);
}

int tw__json_same(const json_t *a, const json_t *b)
{
    char x[TW__HASH_DIGITS + 1], y[TW__HASH_DIGITS + 1];
    sum(a, NULL, x);
    sum(b, NULL, y);
    return strcmp(x, y) == 0;
}

void tw__json_put_sum(tw__json_builder *b, json_t *object)
{
    char digits[TW__HASH_DIGITS + 1];
    if (b->status != TW_OK) return;
    sum(object, sum_key, digits);
    tw__json_put_text(b, object, sum_key, digits);
}

tw_status tw__json_check_sum(const json_t *object, tw_error *err)
{
    const json_t *said = json_object_get(object, sum_key);
    char digits[TW__HASH_DIGITS + 1];
    if (!said) return TW_OK;
    sum(object, sum_key, digits);
    return json_is_string(said) && strcmp(json_string_value(said), digits) == 0
               ? TW_OK
               : tw__fail(err, TW_ERR_DATA,
                          "it was changed or damaged: its checksum does not fit its content");
}
