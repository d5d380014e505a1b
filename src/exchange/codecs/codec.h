/* What becomes of numbers that are sent in fewer bits. One file per codec, one line in list.h.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_CODECS_CODEC_H
#define TW_EXCHANGE_CODECS_CODEC_H
#include <stddef.h>
#include <stdint.h>

typedef struct tw__codec {
    /* Makes n numbers what they are when they arrive, none -0; keep: the option, a share of them. */
    void (*f32)(size_t n, float *x, double keep);
    void (*f64)(size_t n, double *x, double keep);
    /* Numbers that were made so, a chunk of TW_CHUNK or what is left of the vector, in the bytes(n) bytes
     * that are sent, and back. */
    size_t (*bytes)(size_t n);
    void (*pack)(size_t n, const float *x, unsigned char *to);
    void (*unpack)(size_t n, const unsigned char *from, float *x);
    /* Numbers that are 0 afterwards are not sent; what was lost of one gradient is added to the next; it is
     * for lists, too. */
    int leaves_out, feeds_back, takes_lists;
    int is_of_matrices; /* powersgd.h says what it does */
} tw__codec;

/* The words of the option `wire`: "fp32", the numbers as they are, and then codec 1, 2, ... */
extern const char tw__wires[];
const tw__codec *tw__codec_at(size_t i); /* NULL: as they are */
extern const tw__codec tw__codec_bf16;   /* in which means return */
size_t tw__bf16_bytes(size_t n);
void tw__bf16_pack(size_t n, const float *x, unsigned char *to);
void tw__bf16_unpack(size_t n, const unsigned char *from, float *x);
#endif
