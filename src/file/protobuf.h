/* Writing protocol buffers: fields by their numbers, messages within messages. What is written is the
 * shortest form.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FILE_PROTOBUF_H
#define TW_FILE_PROTOBUF_H
#include "base/context.h"

/* A message while it is written. {.ctx = ctx, .err = err} is an empty one, which grows; {.bytes = to,
 * .capacity = n} has a fixed place. The first failure stays in `status`; later writing does nothing. */
typedef struct tw__proto {
    tw_context *ctx;
    uint8_t *bytes;
    size_t n, capacity;
    tw_status status;
    tw_error *err;
} tw__proto;

/* Fields of the types int32, int64, enum and bool; float; double; and string, bytes and packed lists. */
void tw__proto_number(tw__proto *p, unsigned field, uint64_t value);
void tw__proto_f32(tw__proto *p, unsigned field, float value);
void tw__proto_f64(tw__proto *p, unsigned field, double value);
void tw__proto_bytes(tw__proto *p, unsigned field, const void *from, size_t n);
void tw__proto_text(tw__proto *p, unsigned field, const char *text);
/* A field that is a message, of what is written between the two calls: end is given what begin returned. */
size_t tw__proto_begin(tw__proto *p, unsigned field);
void tw__proto_end(tw__proto *p, size_t begun);
/* of one that grows */
void tw__proto_free(tw__proto *p);
#endif
