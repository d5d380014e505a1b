/* Text as JSON by RFC 8259; see json.h. jansson's own reader is not used: where its text cannot grow it loses
 * a character, reads beyond the end or aborts.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "file/json.h"
#include "file/utf8.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 1000 };
#define DIGITS "0123456789"

typedef struct reader {
    const char *text; /* as it was given */
    char *first, *at; /* a copy that ends with 0, in which texts are decoded in place */
    const char *end;
    tw_status status;
    tw__json_fault *fault;
} reader;

/* ---- faults -------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static int fail(reader *r, const char *at, const char *format, ...)
{
    tw__json_fault *f = r->fault;
    va_list args;
    va_start(args, format);
    tw__vformat(f->text, sizeof f->text, format, args);
    va_end(args);
    f->at = at - r->first;
    f->line = 1;
    for (int64_t i = 0; i < f->at; i++) f->line += r->text[i] == '\n';
    r->status = TW_ERR_DATA;
    return 0;
}

static int no_memory(reader *r)
{
    *r->fault = (tw__json_fault){.text = "out of memory for JSON"};
    r->status = TW_ERR_MEMORY;
    return 0;
}

static int needed(reader *r, const char *what)
{
    size_t n = 0, k;
    if (r->at == r->end) return fail(r, r->at, "ends where %s is needed", what);
    while (n < 20 && (unsigned char)r->at[n] > ' ' && (k = tw__utf8_length(r->at + n)) > 0) n += k;
    if (n == 0) return fail(r, r->at, "this is not JSON: byte 0x%02x", (unsigned)(unsigned char)*r->at);
    return fail(r, r->at, "%s is needed, not %.*s", what, (int)n, r->at);
}

/* ---- texts --------------------------------------------------------------------------------------------- */

/* Four hexadecimal digits, or -1. */
static int32_t hex(const char *at)
{
    int32_t c = 0;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = at[i] ? strchr(digits, at[i]) : NULL;
        if (!digit) return -1;
        c = c << 4 | (int32_t)((digit - digits) & 15);
    }
    return c;
}

/* \uXXXX, or a pair of them for a character above U+FFFF. */
static int read_code(reader *r, char **to)
{
    int32_t c = hex(r->at + 2), low;
    size_t n = 6;
    if (c == 0) return fail(r, r->at, "a text contains the character \\u0000");
    if (c >= 0xD800 && c < 0xE000) {
        const int is_pair = c < 0xDC00 && r->at[6] == '\\' && r->at[7] == 'u' &&
                            (low = hex(r->at + 8)) >= 0xDC00 && low < 0xE000;
        c = is_pair ? 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF)) : -1;
        n = 12;
    }
    if (c < 0) return fail(r, r->at, "%.6s is no character", r->at);
    *to += tw__utf8_put((uint32_t)c, *to);
    r->at += n;
    return 1;
}

static int read_escape(reader *r, char **to)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *letter = r->at[1] ? strchr(letters, r->at[1]) : NULL;
    if (r->at[1] == 'u') return read_code(r, to);
    if (!letter)
        return fail(r, r->at, "a \\ in a text that begins none of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    *(*to)++ = values[letter - letters];
    r->at += 2;
    return 1;
}

/* The text whose quote is at `at`, decoded in place, as it never gets longer, and with a 0 behind it. */
static char *read_text(reader *r)
{
    char *first = ++r->at, *to = first;
    while (*r->at != '"') {
        const size_t n = tw__utf8_length(r->at);
        if (r->at == r->end) return fail(r, first - 1, "a text without its closing \""), NULL;
        if ((unsigned char)*r->at < ' ')
            return fail(r, r->at,
                        "a line break or control character in a text (\\n, \\u0009, ... stand for these)"),
                   NULL;
        if (n == 0) return fail(r, r->at, "this is not JSON: it is not valid UTF-8"), NULL;
        if (*r->at == '\\') {
            if (!read_escape(r, &to)) return NULL;
            continue;
        }
        memmove(to, r->at, n);
        to += n;
        r->at += n;
    }
    *to = 0;
    r->at++;
    return first;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

/* How long the number is by the grammar, 0 if it is none. */
static size_t number_length(const char *first, int *is_real)
{
    const char *p = first + (*first == '-');
    size_t n = strspn(p, DIGITS);
    *is_real = 0;
    if (n == 0 || (n > 1 && *p == '0')) return 0;
    p += n;
    if (*p == '.') {
        *is_real = 1;
        n = strspn(++p, DIGITS);
        if (n == 0) return 0;
        p += n;
    }
    if (*p == 'e' || *p == 'E') {
        *is_real = 1;
        p += 1 + (p[1] == '+' || p[1] == '-');
        n = strspn(p, DIGITS);
        if (n == 0) return 0;
        p += n;
    }
    return (size_t)(p - first);
}

static json_t *read_number(reader *r)
{
    char *first = r->at;
    int is_real;
    const size_t n = number_length(first, &is_real);
    json_int_t whole = 0;
    double real = 0;
    if (n == 0) return needed(r, "a number"), NULL;
    errno = 0;
    if (is_real) real = strtod(first, NULL);
    else whole = strtoll(first, NULL, 10);
    if (is_real ? !isfinite(real) : errno == ERANGE) return fail(r, first, "a number is too large"), NULL;
    if (is_real && real == 0 && !tw__decimal_is_zero(first))
        return fail(r, first, "a number is too small: it would be 0"), NULL;
    r->at += n;
    return is_real ? json_real(real) : json_integer(whole);
}

/* ---- values -------------------------------------------------------------------------------------------- */

static json_t *read_value(reader *r, int depth);

/* The next character that is not white space. */
static char next(reader *r)
{
    r->at += strspn(r->at, " \t\n\r");
    return *r->at;
}

/* A key and its colon. */
static char *read_key(reader *r, const json_t *object)
{
    if (next(r) != '"') return needed(r, "a key in quotes"), NULL;
    const char *at = r->at;
    char *key = read_text(r);
    if (!key) return NULL;
    if (json_object_get(object, key)) return fail(r, at, "the key \"%.80s\" appears twice", key), NULL;
    if (next(r) != ':') return needed(r, "a colon"), NULL;
    r->at++;
    return key;
}

/* All between { and } or [ and ]. */
static int read_members(reader *r, json_t *to, int depth)
{
    const int is_object = json_is_object(to);
    const char close = is_object ? '}' : ']';
    r->at++;
    if (next(r) == close) return r->at++, 1;
    for (;;) {
        char *key = is_object ? read_key(r, to) : NULL;
        json_t *value = is_object && !key ? NULL : read_value(r, depth);
        if (!value) return 0;
        if (is_object ? json_object_set_new_nocheck(to, key, value) : json_array_append_new(to, value))
            return no_memory(r);
        if (next(r) == close) return r->at++, 1;
        if (*r->at != ',') return needed(r, is_object ? "a comma or }" : "a comma or ]");
        r->at++;
    }
}

static json_t *read_list(reader *r, int depth)
{
    if (depth == MOST_DEPTH)
        return fail(r, r->at, "more than %d lists and objects within each other", MOST_DEPTH), NULL;
    json_t *to = *r->at == '{' ? json_object() : json_array();
    if (!to || read_members(r, to, depth + 1)) return to;
    json_decref(to);
    return NULL;
}

static json_t *read_word(reader *r)
{
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        const size_t n = strlen(words[i]);
        if (strncmp(r->at, words[i], n) != 0) continue;
        r->at += n;
        return i == 0 ? json_true() : i == 1 ? json_false() : json_null();
    }
    return needed(r, "a value"), NULL;
}

static json_t *read_value(reader *r, int depth)
{
    const char c = next(r);
    json_t *value;
    if (c == '{' || c == '[') value = read_list(r, depth);
    else if (c == '"') {
        const char *text = read_text(r);
        value = text ? json_string_nocheck(text) : NULL;
    } else if (c == '-' || (c >= '0' && c <= '9')) value = read_number(r);
    else value = read_word(r);
    if (!value && r->status == TW_OK) no_memory(r);
    return value;
}

static json_t *read_whole(reader *r)
{
    const char c = next(r);
    if (c != '{' && c != '[') return fail(r, r->at, "this is not JSON, which begins with { or ["), NULL;
    json_t *value = read_value(r, 0);
    if (!value || (!next(r) && r->at == r->end)) return value;
    json_decref(value);
    return needed(r, "the end of the file"), NULL;
}

tw_status tw__json_parse(tw_context *ctx, json_t **out, const char *text, size_t n, tw__json_fault *fault)
{
    char *copy;
    tw__decimal_mode mode;
    reader r = {.text = text, .status = TW_OK, .fault = fault};
    *out = NULL;
    if (n == SIZE_MAX || tw__alloc(ctx, &copy, n + 1, 1, NULL) != TW_OK) return no_memory(&r), TW_ERR_MEMORY;
    memcpy(copy, text, n);
    r.first = r.at = copy;
    r.end = copy + n;
    tw__decimal_enter(&mode);
    *out = read_whole(&r);
    tw__decimal_leave(&mode);
    tw__free(ctx, copy, n + 1, 1);
    return r.status;
}
