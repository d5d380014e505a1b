/* XXH3-128 over xxhash's header: its state lives in the caller's memory, so nothing here can fail.
 * SPDX-License-Identifier: MIT */
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "file/hash.h"

_Static_assert(sizeof(tw__hash) >= sizeof(XXH3_state_t), "the state of XXH3 has grown");
_Static_assert(_Alignof(tw__hash) >= _Alignof(XXH3_state_t), "the state of XXH3 needs more alignment");

static XXH3_state_t *inner(tw__hash *h) { return (XXH3_state_t *)(void *)h->state; }

void tw__hash_start(tw__hash *h) { XXH3_128bits_reset(inner(h)); }

void tw__hash_add(tw__hash *h, const void *from, size_t n)
{
    if (n > 0) XXH3_128bits_update(inner(h), from, n);
}

void tw__hash_add_number(tw__hash *h, uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(number >> 8 * i);
    tw__hash_add(h, bytes, sizeof bytes);
}

void tw__hash_add_numbers(tw__hash *h, const uint64_t *numbers, size_t n)
{
    const int is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    if (is_little) tw__hash_add(h, numbers, n * sizeof *numbers);
    for (size_t i = 0; !is_little && i < n; i++) tw__hash_add_number(h, numbers[i]);
}

void tw__hash_hex(const tw__hash *h, char to[TW__HASH_DIGITS + 1])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest((const XXH3_state_t *)(const void *)h->state));
    for (int i = 0; i < TW__HASH_DIGITS; i++)
        to[i] = "0123456789abcdef"[canonical.digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
    to[TW__HASH_DIGITS] = 0;
}

uint64_t tw__hash_text(const char *text, size_t n) { return XXH3_64bits(text, n); }
