/* UTF-8, checked and written.
 * SPDX-License-Identifier: MIT */
#include "file/utf8.h"

size_t tw__utf8_read(const char *text, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *p = (const uint8_t *)text;
    size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    *c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2) return 0;
        *c = *c << 6 | (p[i] & 63u);
    }
    return *c < least[n] || *c > 0x10FFFF || *c >> 11 == 27 ? 0 : n;
}

size_t tw__utf8_length(const char *text)
{
    uint32_t c;
    return tw__utf8_read(text, &c);
}

int tw__utf8_is_valid(const char *text)
{
    for (size_t n; *text; text += n)
        if ((n = tw__utf8_length(text)) == 0) return 0;
    return 1;
}

size_t tw__utf8_put(uint32_t c, char to[4])
{
    static const uint8_t marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    const size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6) to[i] = (char)(0x80 | (c & 63));
    to[0] = (char)(marks[n] | c);
    return n;
}
