/* Protocol buffers; see protobuf.h. A field is its number and type, then its value; numbers have 7 bits in a
 * byte, the low ones first, and fixed lengths have the low byte first.
 * SPDX-License-Identifier: MIT */
#include "file/protobuf.h"
#include "base/varint.h"
#include <string.h>

enum { VARINT = 0, FIXED_8 = 1, LENGTH = 2, FIXED_4 = 5 };

/* Makes place for n more bytes. */
static int reserve(tw__proto *p, size_t n)
{
    size_t wanted;
    if (p->status == TW_OK && !tw__size_add(p->n, n, &wanted))
        p->status = tw__fail(p->err, TW_ERR_MEMORY, "out of memory");
    if (p->status == TW_OK && wanted > p->capacity)
        p->status = p->ctx
                        ? tw__grow(p->ctx, &p->bytes, &p->capacity, wanted, 1, p->err)
                        : tw__fail(p->err, TW_ERR_INTERNAL, "a message has more than %zu bytes", p->capacity);
    return p->status == TW_OK;
}

static void put(tw__proto *p, const void *from, size_t n)
{
    if (!reserve(p, n) || n == 0) return;
    memcpy(p->bytes + p->n, from, n);
    p->n += n;
}

static void put_varint(tw__proto *p, uint64_t value)
{
    uint8_t bytes[TW__VARINT_MOST];
    put(p, bytes, tw__varint(value, bytes));
}

static void put_tag(tw__proto *p, unsigned field, unsigned type)
{
    put_varint(p, (uint64_t)field << 3 | type);
}

static void put_fixed(tw__proto *p, uint64_t bits, size_t n)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)(bits >> 8 * i);
    put(p, bytes, n);
}

void tw__proto_number(tw__proto *p, unsigned field, uint64_t value)
{
    put_tag(p, field, VARINT);
    put_varint(p, value);
}

void tw__proto_f32(tw__proto *p, unsigned field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_tag(p, field, FIXED_4);
    put_fixed(p, bits, sizeof bits);
}

void tw__proto_f64(tw__proto *p, unsigned field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_tag(p, field, FIXED_8);
    put_fixed(p, bits, sizeof bits);
}

void tw__proto_bytes(tw__proto *p, unsigned field, const void *from, size_t n)
{
    put_tag(p, field, LENGTH);
    put_varint(p, n);
    put(p, from, n);
}

void tw__proto_text(tw__proto *p, unsigned field, const char *text)
{
    tw__proto_bytes(p, field, text, strlen(text));
}

size_t tw__proto_begin(tw__proto *p, unsigned field)
{
    put_tag(p, field, LENGTH);
    return p->n;
}

/* The length takes its place before what has been written. */
void tw__proto_end(tw__proto *p, size_t begun)
{
    uint8_t length[TW__VARINT_MOST];
    const size_t n = p->n - begun, more = tw__varint(n, length);
    if (!reserve(p, more)) return;
    memmove(p->bytes + begun + more, p->bytes + begun, n);
    memcpy(p->bytes + begun, length, more);
    p->n += more;
}

void tw__proto_free(tw__proto *p) { tw__free(p->ctx, p->bytes, p->capacity, 1); }
