/* The spec grammar; see spec.h.
 * SPDX-License-Identifier: MIT */
#include "base/spec.h"
#include <string.h>

#define FORM "write NAME:KEY=VALUE,..."

tw__text tw__text_of(const char *s) { return (tw__text){s, strlen(s)}; }
int tw__text_is(tw__text t, const char *s) { return strlen(s) == t.n && memcmp(t.at, s, t.n) == 0; }

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static int is_name(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }

static size_t name_length(tw__text t)
{
    size_t n = 0;
    while (n < t.n && is_name(t.at[n])) n++;
    return n;
}

/* A rule's or a dialect's name may have hyphens inside: sgdm-cubic. */
static size_t hyphened_length(tw__text t)
{
    size_t n = name_length(t);
    while (n && n + 1 < t.n && t.at[n] == '-' && is_name(t.at[n + 1]))
        n += 1 + name_length((tw__text){t.at + n + 1, t.n - n - 1});
    return n;
}

int tw__is_key(tw__text t) { return t.n > 0 && name_length(t) == t.n; }

tw_status tw__name_check(const char *name, tw_error *err)
{
    const tw__text t = tw__text_of(name ? name : "");
    if (t.n > 0 && hyphened_length(t) == t.n) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" is no name for a rule: letters, digits, _ and, inside, -",
                    TW__SHOW(t));
}

static tw__text from(tw__text t, size_t i) { return (tw__text){t.at + i, t.n - i}; }

const char *tw__text_find(tw__text t, char c)
{
    int quoted = 0;
    for (size_t i = 0; i < t.n; i++) {
        if (t.at[i] == '"') quoted = !quoted;
        if (t.at[i] == c && !quoted) return t.at + i;
    }
    return NULL;
}

tw__text tw__text_cut(tw__text *rest, char separator)
{
    const char *end = tw__text_find(*rest, separator);
    tw__text part = {rest->at, end ? (size_t)(end - rest->at) : rest->n};
    *rest = end ? from(*rest, part.n + 1) : (tw__text){NULL, 0};
    return part;
}

size_t tw__spec_joint(tw__text t)
{
    size_t i = 0;
    for (int quoted = 0; i < t.n; i++) {
        quoted ^= t.at[i] == '"';
        if (!quoted && t.at[i] == '+' && i + 1 < t.n && is_letter(t.at[i + 1])) break;
    }
    return i;
}

/* "lr=0,1" is lr=0 and 1, which was meant as lr=0.1: the option before, if both look like parts of a
 * number. */
static const tw__item *comma_decimal(const tw__spec *spec, tw__text value)
{
    const tw__item *before = spec->n ? &spec->items[spec->n - 1] : NULL;
    if (!before || !value.n || strspn(value.at, "0123456789") < value.n) return NULL;
    return strspn(before->value.at, "-0123456789") >= before->value.n ? before : NULL;
}

static tw_status not_an_item(const tw__spec *spec, tw__text value, tw__text whole, tw_error *err)
{
    const tw__item *half = comma_decimal(spec, value);
    if (!half)
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" in \"%.*s\" is not key=value", TW__SHOW(value),
                        TW__SHOW(whole));
    return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" has a decimal comma; write %.*s=%.*s.%.*s", TW__SHOW(whole),
                    TW__SHOW(half->key), TW__SHOW(half->value), TW__SHOW(value));
}

tw_status tw__spec_items(tw__spec *out, tw__text items, tw__text whole, tw_error *err)
{
    while (items.at) {
        tw__text value = tw__text_cut(&items, ',');
        if (value.n == 0)
            return tw__fail(err, TW_ERR_SPEC,
                            "\"%.*s\" has nothing where an option should stand, as key=value",
                            TW__SHOW(whole));
        size_t n = name_length(value);
        tw__text key = {value.at, n};
        int bare = n == 0 && value.n && value.at[0] == '"';
        if (!bare && (n == 0 || n + 1 >= value.n || value.at[n] != '='))
            return not_an_item(out, value, whole, err);
        if (out->n == TW__SPEC_ITEMS)
            return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" has more than %d options", TW__SHOW(whole),
                            (int)TW__SPEC_ITEMS);
        out->items[out->n++] = (tw__item){key, bare ? value : from(value, n + 1)};
    }
    return TW_OK;
}

static tw_status check_characters(tw__text text, tw_error *err)
{
    int quoted = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.at[i];
        if (c == '"') quoted = !quoted;
        if (!quoted && (c == ' ' || (c >= '\t' && c <= '\r')))
            return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" has a space in it; " FORM, TW__SHOW(text));
    }
    return quoted ? tw__fail(err, TW_ERR_SPEC, "a quote is not closed in %.*s", TW__SHOW(text)) : TW_OK;
}

tw_status tw__spec_parse(tw__spec *out, tw__text text, tw_error *err)
{
    *out = (tw__spec){.n = 0};
    if (text.n == 0)
        return tw__fail(err, TW_ERR_SPEC, "an empty spec; a name is needed, as in \"adam:lr=0.001\"");
    TW_TRY(check_characters(text, err));
    size_t n = hyphened_length(text);
    out->name = (tw__text){text.at, n};
    if (n == 0) return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" does not begin with a name", TW__SHOW(text));
    tw__text rest = from(text, n);
    if (rest.n && rest.at[0] == '@') {
        rest = from(rest, 1);
        out->dialect = (tw__text){rest.at, hyphened_length(rest)};
        if (out->dialect.n == 0)
            return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" lacks a dialect's name after \"@\"", TW__SHOW(text));
        rest = from(rest, out->dialect.n);
    }
    if (rest.n == 0) return TW_OK;
    if (rest.at[0] == '+' && rest.n == 1)
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" joins nothing behind its \"+\"", TW__SHOW(text));
    if (rest.at[0] != ':')
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" has \"%c\" at character %zu; " FORM, TW__SHOW(text),
                        rest.at[0], (size_t)(rest.at - text.at) + 1);
    return tw__spec_items(out, from(rest, 1), text, err);
}
