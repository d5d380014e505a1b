/* Names for a terminal: a file may be called anything, and a terminal obeys what it is told.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/train.h>

/* The bytes of the UTF-8 character at `text`, and its number; 0: it is none. */
static int character(const unsigned char *text, uint32_t *number)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const int n = text[0] < 0x80       ? 1
                  : text[0] >> 5 == 6  ? 2
                  : text[0] >> 4 == 14 ? 3
                  : text[0] >> 3 == 30 ? 4
                                       : 0;
    *number = n == 1 ? text[0] : text[0] & (0x7f >> n);
    for (int i = 1; i < n; i++) {
        if (text[i] >> 6 != 2) return 0;
        *number = *number << 6 | (text[i] & 0x3f);
    }
    return *number < least[n] || *number > 0x10ffff || *number >> 11 == 0x1b ? 0 : n;
}

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
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        char shown[24] = "";
        uint32_t c;
        const int n = character(p, &c), bytes = n ? n : 1;
        if (n && is_plain(c)) memcpy(shown, p, (size_t)n);
        else
            for (int i = 0; i < bytes; i++) snprintf(shown + 4 * i, 5, "\\x%02x", p[i]);
        const size_t length = strlen(shown);
        if (length >= size - used) break;
        memcpy(to + used, shown, length);
        used += length;
        p += bytes;
    }
    to[used] = 0;
    return to;
}
