/* The spec grammar:  spec = name [ "@" dialect ] [ ":" item { "," item } ]    item = key "=" value | [ key
 * "=" ] formula in double quotes There are no spaces but inside quotes, and nothing inside quotes separates.
 * Texts are views into the caller's string; nothing is allocated.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_SPEC_H
#define TW_BASE_SPEC_H
#include "base/error.h"

typedef struct tw__text {
    const char *at;
    size_t n;
} tw__text;
tw__text tw__text_of(const char *s);
int tw__text_is(tw__text t, const char *s);
/* For "%.*s" in messages: at most 60 characters of it. */
#define TW__SHOW(t) (int)((t).n < 60 ? (t).n : 60), (t).at

enum { TW__SPEC_ITEMS = 32 };
typedef struct tw__item {
    tw__text key /* n = 0: a formula without one */, value;
} tw__item;
typedef struct tw__spec {
    tw__text name, dialect /* n = 0: none */;
    int n;
    tw__item items[TW__SPEC_ITEMS];
} tw__spec;

tw_status tw__spec_parse(tw__spec *out, tw__text text, tw_error *err);
int tw__is_key(tw__text t);
/* Whether a spec can begin with this name. */
tw_status tw__name_check(const char *name, tw_error *err);
/* "key=value{,key=value}" alone, appended to `out`; `whole` is shown in messages. */
tw_status tw__spec_items(tw__spec *out, tw__text items, tw__text whole, tw_error *err);
/* The first `c` that stands outside quotes, or NULL. */
const char *tw__text_find(tw__text t, char c);
/* Cuts *rest at the next `separator` outside quotes: the part before it, and *rest behind it; rest->at is
 * NULL after the last part. */
tw__text tw__text_cut(tw__text *rest, char separator);
/* Where a chain of specs is joined: the first "+" before a letter ("1e+3" has none), or t.n. */
size_t tw__spec_joint(tw__text t);
#endif
