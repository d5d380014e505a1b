/* A text that grows while it is written. The first failure stays; later writing does nothing.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_STRBUF_H
#define TW_RACE_STRBUF_H
#include "base/context.h"

typedef struct tw__strbuf {
    tw_context *ctx;
    char *at;
    size_t n, capacity;
    tw_status status;
    tw_error *err;
} tw__strbuf;
void tw__put(tw__strbuf *p, const char *from, size_t n);
/* at most 1,023 bytes at once */
__attribute__((format(printf, 2, 3))) void tw__print(tw__strbuf *p, const char *format, ...);
void tw__put_escaped(tw__strbuf *p, const char *text); /* as HTML */
/* A number by a printf format for one double, with a point whatever the locale. Returns `to`. */
enum { TW__DECIMAL = 32 };
const char *tw__decimal(char to[TW__DECIMAL], const char *format, double value);
/* 54000 as 54,000 */
void tw__put_count(tw__strbuf *p, uint64_t n);
void tw__strbuf_drop(tw__strbuf *p); /* what was written is not wanted */
/* The text as it stands, freed by tw__free_text; or the first failure, with everything freed. */
tw_status tw__strbuf_take(tw__strbuf *p, char **out);
#endif
