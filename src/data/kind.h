/* What a file is, by its first bytes: for the message that says why it cannot be read.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_KIND_H
#define TW_DATA_KIND_H
#include <stddef.h>
#include <stdint.h>

enum { TW__KIND_BYTES = 1024, TW__KIND_TEXT = 64 };
/* "a CSV file with 3 columns", "a PNG image", ... in `to`; "" for none that is known. n: up to
 * TW__KIND_BYTES, fewer only where the file ends. */
const char *tw__file_kind(const uint8_t *bytes, size_t n, char to[TW__KIND_TEXT]);
/* Bytes of the mark of the order of bytes (UTF-8) that a text begins with: 3 or 0. */
size_t tw__mark_length(const void *text, size_t n);
/* How many of the first bytes, up to TW__KIND_BYTES, could be text: all, or those before a control
 * character. */
size_t tw__text_length(const uint8_t *bytes, size_t n);
/* 1: text, and of no format that has a name of its own. A mark of the order of bytes is passed over. */
int tw__is_plain_text(const uint8_t **bytes, size_t *n);
#endif
