/* Printing results: JSON on stdout, numbers for people.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <math.h>
#include <stdlib.h>
#include <thalweg/train.h>

json_t *cli_put(json_t *object, const char *key, json_t *value)
{
    if (!object) json_decref(value);
    else if (json_object_set_new(object, key, value) == 0) return object;
    json_decref(object);
    return NULL;
}

json_t *cli_add(json_t *list, json_t *value)
{
    if (!list) json_decref(value);
    else if (json_array_append_new(list, value) == 0) return list;
    json_decref(list);
    return NULL;
}

char *cli_json_text(json_t *value, tw_error *err)
{
    const size_t flags = JSON_INDENT(2) | JSON_ENCODE_ANY, n = value ? json_dumpb(value, NULL, 0, flags) : 0;
    char *text = n ? calloc(n + 1, 1) : NULL;
    const int whole = text && json_dumpb(value, text, n, flags) == n;
    json_decref(value);
    if (whole) return tw_json_shorten(text);
    free(text);
    cli_fail(err, TW_ERR_MEMORY, "out of memory for the JSON result");
    return NULL;
}

tw_status cli_print_json(json_t *value, tw_error *err)
{
    char *const text = cli_json_text(value, err);
    if (text) puts(text);
    free(text);
    return text ? TW_OK : TW_ERR_MEMORY;
}

json_t *cli_number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

json_t *cli_string(const char *text)
{
    json_error_t why;
    json_t *s = text ? json_pack_ex(&why, 0, "s", text) : json_null();
    return s || json_error_code(&why) != json_error_invalid_utf8 ? s : json_null();
}

const char *cli_grouped(uint64_t n, char *to)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), put = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) to[put++] = ',';
        to[put++] = digits[i];
    }
    to[put] = 0;
    return to;
}

const char *cli_bytes(double n, char *to)
{
    static const char *const unit[] = {"bytes", "kB", "MB", "GB", "TB"};
    int i = 0;
    for (; n >= 1000 && i < 4; i++) n /= 1000;
    snprintf(to, 32, i ? "%.1f %s" : "%.0f %s", n, unit[i]);
    return to;
}
