/* Whole numbers in as few bytes as they need: seven bits a byte, the lower ones first, and the eighth says
 * that more follow (Protocol Buffers' varint).
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_VARINT_H
#define TW_BASE_VARINT_H
#include <stddef.h>
#include <stdint.h>

enum { TW__VARINT_BITS = 7, TW__VARINT_MORE = 1 << TW__VARINT_BITS, TW__VARINT_MOST = 10 /* bytes */ };

static inline size_t tw__varint_bytes(uint64_t value)
{
    size_t n = 1;
    while (value >>= TW__VARINT_BITS) n++;
    return n;
}

/* Returns their number. */
static inline size_t tw__varint(uint64_t value, uint8_t to[TW__VARINT_MOST])
{
    size_t n = 0;
    for (; value >= TW__VARINT_MORE; value >>= TW__VARINT_BITS) to[n++] = (uint8_t)(value | TW__VARINT_MORE);
    to[n++] = (uint8_t)value;
    return n;
}
#endif
