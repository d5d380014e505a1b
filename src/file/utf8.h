/* UTF-8 as RFC 3629 has it.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_UTF8_H
#define TW_FILE_UTF8_H
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at `text`, which ends with 0; 0 if it is none: overlong forms, surrogates and what
 * lies above U+10FFFF are none. */
size_t tw__utf8_length(const char *text);
size_t tw__utf8_read(const char *text, uint32_t *c); /* the same, with the character's number if it is one */
int tw__utf8_is_valid(const char *text);
/* Writes a character up to U+10FFFF; returns how many bytes it took. */
size_t tw__utf8_put(uint32_t c, char to[4]);
#endif
