/* Protocol buffers, read field by field, as tests need it: independent of what writes them.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_PROTO_FIELDS_H
#define TESTS_PROTO_FIELDS_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* One field of a message: its number; a number, or how many bytes there are at `at`. */
typedef struct proto_field {
    unsigned number;
    uint64_t value;
    const uint8_t *at;
} proto_field;

static inline uint64_t proto_varint(const uint8_t **at)
{
    uint64_t x = 0;
    int shift = 0;
    do x |= (uint64_t)(**at & 127) << shift, shift += 7;
    while (*(*at)++ & 128);
    return x;
}

/* The field at *at, and *at behind it. */
static inline proto_field proto_next(const uint8_t **at)
{
    const uint64_t tag = proto_varint(at);
    proto_field f = {(unsigned)(tag >> 3), 0, *at};
    switch (tag & 7) {
    case 0: f.value = proto_varint(at); break;
    case 1: *at += 8; break;
    case 2:
        f.value = proto_varint(at);
        f.at = *at;
        *at += f.value;
        break;
    case 5: *at += 4; break;
    default: fail_msg("type %u", (unsigned)(tag & 7));
    }
    return f;
}

static inline int proto_is(proto_field f, const char *text)
{
    return f.value == strlen(text) && memcmp(f.at, text, f.value) == 0;
}
#endif
