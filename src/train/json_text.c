/* JSON as text, with numbers as specs have them.
 * SPDX-License-Identifier: MIT */
#include "train/json.h"
#include "base/options.h"
#include "file/json_parse.h"
#include <string.h>

/* "1e-07" as "1e-7", as JSON has it here; what is whole stays a real number, "1.0". */
static size_t real_text(double x, char to[TW_VALUE_MAX + 2])
{
    tw__number_text(x, to);
    char *e = strchr(to, 'e');
    if (e) {
        char *from = e + 1, *put = e + 1;
        if (*from == '-') put++;
        from += strspn(from, "+-0");
        memmove(put, from, strlen(from) + 1);
    } else if (!strchr(to, '.')) strcat(to, ".0");
    return strlen(to);
}

/* Writes the number of n characters anew where that is not longer; how many characters it has then. */
static size_t shorten(char *at, size_t n)
{
    char text[TW_VALUE_MAX + 2];
    double x;
    if (tw__number_read((tw__text){at, n}, &x) != 1) return n;
    const size_t length = real_text(x, text);
    if (length > n) return n;
    memcpy(at, text, length);
    return length;
}

static size_t string_length(const char *at)
{
    size_t n = 1;
    while (at[n] && at[n] != '"') n += at[n] == '\\' && at[n + 1] ? 2 : 1;
    return n + (at[n] == '"');
}

char *tw_json_shorten(char *json)
{
    char *to = json;
    for (const char *from = json; *from;) {
        const int is_number = (*from >= '0' && *from <= '9') || *from == '-';
        const size_t n = is_number ? strspn(from, "0123456789+-.eE") : *from == '"' ? string_length(from) : 1;
        memmove(to, from, n);
        from += n;
        to += is_number && strcspn(to, ".eE") < n ? shorten(to, n) : n;
    }
    *to = 0;
    return json;
}

char *tw__json_text(const json_t *json, size_t flags)
{
    char *text = tw__json_dump(json, flags | JSON_REAL_PRECISION(17));
    return text ? tw_json_shorten(text) : NULL;
}
