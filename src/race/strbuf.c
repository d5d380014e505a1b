/* A text that grows while it is written.
 * SPDX-License-Identifier: MIT */
#include "race/strbuf.h"
#include "base/decimal.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tw__put(tw__strbuf *p, const char *from, size_t n)
{
    size_t want;
    if (p->status != TW_OK) return;
    if (!tw__size_add(p->n, n, &want) || !tw__size_add(want, 1, &want))
        p->status = tw__fail(p->err, TW_ERR_MEMORY, "out of memory: a text of more bytes than there are");
    else p->status = tw__grow(p->ctx, &p->at, &p->capacity, want, 1, p->err);
    if (p->status != TW_OK) return;
    memcpy(p->at + p->n, from, n);
    p->n += n;
    p->at[p->n] = 0;
}

void tw__print(tw__strbuf *p, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int n = tw__vformat(line, sizeof line, format, args);
    va_end(args);
    if (n > 0) tw__put(p, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

void tw__put_escaped(tw__strbuf *p, const char *text)
{
    for (const char *c = text; *c; c++) {
        const char *as = *c == '<'   ? "&lt;"
                         : *c == '>' ? "&gt;"
                         : *c == '&' ? "&amp;"
                         : *c == '"' ? "&quot;"
                                     : NULL;
        if (as) tw__put(p, as, strlen(as));
        else tw__put(p, c, 1);
    }
}

void tw__put_count(tw__strbuf *p, uint64_t n)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) tw__put(p, ",", 1);
        tw__put(p, digits + i, 1);
    }
}

const char *tw__decimal(char to[TW__DECIMAL], const char *format, double value)
{
    tw__format(to, TW__DECIMAL, format, value);
    return to;
}

void tw__strbuf_drop(tw__strbuf *p)
{
    tw__free(p->ctx, p->at, p->capacity, 1);
    p->at = NULL;
    p->n = p->capacity = 0;
}

tw_status tw__strbuf_take(tw__strbuf *p, char **out)
{
    *out = NULL;
    tw__put(p, "", 0);
    if (p->status == TW_OK) p->status = tw__copy_text(p->ctx, out, p->at, p->err);
    tw__strbuf_drop(p);
    return p->status;
}
