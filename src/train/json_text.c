/* JSON as text, with numbers as specs have them.
 * SPDX-License-Identifier: MIT */
#include "train/json.h"
#include "base/decimal.h"
#include "base/options.h"
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

tw_status tw__json_text(tw_context *ctx, const json_t *json, size_t flags, char **text, tw_error *err)
{
    char *longer;
    *text = NULL;
    TW_TRY(tw__json_dump(ctx, json, flags | JSON_REAL_PRECISION(17), &longer, err));
    const size_t n = strlen(longer) + 1;
    tw_status s = tw__copy_text(ctx, text, tw_json_shorten(longer), err);
    tw__free(ctx, longer, n, 1);
    return s;
}

tw_status tw__json_record(tw_context *ctx, const json_t *json, size_t flags, char **text, tw_error *err)
{
    json_t *back;
    tw__json_fault fault;
    TW_TRY(tw__json_text(ctx, json, flags, text, err));
    tw_status s = tw__json_parse(ctx, &back, *text, strlen(*text), &fault);
    if (s != TW_OK) tw__fail(err, s, "JSON that cannot be read back: %s", fault.text);
    else if (!tw__json_same(json, back))
        s = tw__fail(err, TW_ERR_INTERNAL, "JSON that reads back as another");
    json_decref(back);
    if (s == TW_OK) return TW_OK;
    tw__free_text(ctx, *text);
    *text = NULL;
    return s;
}

static int put_brief(const char *from, size_t n, void *user)
{
    char *to = user;
    const size_t used = strlen(to), fits = TW__JSON_BRIEF - 1 - used;
    memcpy(to + used, from, n < fits ? n : fits);
    return 0;
}

const char *tw__json_brief(const json_t *value, char to[TW__JSON_BRIEF])
{
    tw__decimal_mode mode;
    memset(to, 0, TW__JSON_BRIEF);
    tw__decimal_enter(&mode);
    json_dump_callback(value, put_brief, to, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(17));
    tw__decimal_leave(&mode);
    return tw_json_shorten(to);
}
