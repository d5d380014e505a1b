/* How workers send their gradients: as they are, or in fewer bits by a codec (codecs/codec.h). Weights are
 * always sent as they are.
 *
 *     g = gradient + rest       of codecs that feed back; others: g = gradient
 *     sent = codec(g)
 *     rest = g - sent
 *
 * The rest is kept as a mean over the worker's rows, of which it may have fewer in another update. Of a
 * gradient that is a list this is done at its places, by codecs that take lists. Karimireddy, Rebjock, Stich
 * & Jaggi 2019, algorithm 2 (error feedback; here of gradients, before the rate).
 *
 * Where all workers need the mean of all gradients, each sends the others its whole gradient if that takes no
 * more bytes than sending ranges, whose means return. Means return in bf16, whatever the codec, and are
 * stepped so by whoever has added them up, too: all workers step by the same numbers.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_WIRE_H
#define TW_EXCHANGE_WIRE_H
#include "exchange/codecs/codec.h"
#include "exchange/protocol.h"

/* In a protocol's options; x->wire is made of them. */
#define TW__WIRE_KEEP 0.01
#define TW__WIRE_OPTIONS                                                                                 \
    {"wire",                                                                                             \
     TW_WORD,                                                                                            \
     tw__wires,                                                                                          \
     0,                                                                                                  \
     0,                                                                                                  \
     0,                                                                                                  \
     TW_CLOSED,                                                                                          \
     "how gradients are sent: fp32, as they are; bf16, rounded to 16 bits; 1bit, 2bit or topk, what is " \
     "lost of one is added to the next"},                                                                \
    {                                                                                                    \
        "keep", TW_REAL, NULL, TW__WIRE_KEEP, 0, 1, TW_OPEN_MIN,                                         \
            "topk: the share of a gradient's numbers that is sent"                                       \
    }

tw_status tw__wire_create(tw__workers *x, tw_error *err);
void tw__wire_free(tw__workers *x);
/* Makes a worker's gradient what is sent of it: a mean where the worker has a whole update. */
tw_status tw__wire_gradient(tw__workers *x, tw__worker *me, tw_error *err);
/* Whether a worker's gradient goes whole to each of the others, and no mean returns. */
int tw__wire_is_whole(const tw__workers *x);
/* Makes n numbers of a mean what they are when they return. */
void tw__wire_mean(const tw__workers *x, size_t n, void *mean);
/* The bytes of n numbers; of a vector or a mean from a multiple of TW_CHUNK on. */
enum tw__wire_kind { TW__WIRE_VECTOR, TW__WIRE_LIST, TW__WIRE_MEAN };
size_t tw__wire_bytes(const tw__workers *x, enum tw__wire_kind kind, size_t n);
void tw__wire_pack(const tw__workers *x, enum tw__wire_kind kind, size_t n, const void *numbers,
                   unsigned char *to);
void tw__wire_unpack(const tw__workers *x, enum tw__wire_kind kind, size_t n, const unsigned char *from,
                     void *numbers);
tw_status tw__wire_visit(tw__workers *x, tw_visitor *v, tw_error *err);
/* Likewise what is of one worker. */
tw_status tw__wire_visit_worker(tw__workers *x, size_t worker, tw_visitor *v, tw_error *err);
#endif
