/* XXH3-128, in pieces: the checksum of checkpoints and the fingerprint of data. Same digits as `xxhsum
 * -H128`.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_HASH_H
#define TW_FILE_HASH_H
#include <stddef.h>
#include <stdint.h>

typedef struct tw__hash {
    _Alignas(64) unsigned char state[576];
} tw__hash;
enum { TW__HASH_DIGITS = 32 };

void tw__hash_start(tw__hash *h);
void tw__hash_add(tw__hash *h, const void *from, size_t n);
void tw__hash_add_number(tw__hash *h, uint64_t number);                    /* as 8 bytes, little end first */
void tw__hash_add_numbers(tw__hash *h, const uint64_t *numbers, size_t n); /* likewise */
void tw__hash_hex(const tw__hash *h, char to[TW__HASH_DIGITS + 1]);        /* the state stays usable */
/* Of a text, for tables in memory: 64 bits of XXH3. */
uint64_t tw__hash_text(const char *text, size_t n);
#endif
