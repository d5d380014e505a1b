/* Names made safe for a terminal, which would obey the control characters in them.
 * SPDX-License-Identifier: MIT */
#include "file/utf8.h"
#include <stdio.h>
#include <string.h>
#include <thalweg/train.h>

/* Controls of a terminal, and characters that break lines or turn the direction of writing. */
static int is_plain(uint32_t c)
{
    return c >= 0x20 && (c < 0x7f || c > 0x9f) && !(c >= 0x200e && c <= 0x200f) &&
           !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

const char *tw_printable(const char *text, char *to, size_t size)
{
    size_t used = 0;
    if (size == 0) return to;
    for (const char *p = text; *p;) {
        char shown[24] = "";
        uint32_t c;
        const size_t n = tw__utf8_read(p, &c), bytes = n ? n : 1;
        if (n && is_plain(c)) memcpy(shown, p, n);
        else
            for (size_t i = 0; i < bytes; i++) snprintf(shown + 4 * i, 5, "\\x%02x", (unsigned char)p[i]);
        const size_t length = strlen(shown);
        if (length >= size - used) break;
        memcpy(to + used, shown, length);
        used += length;
        p += bytes;
    }
    to[used] = 0;
    return to;
}
