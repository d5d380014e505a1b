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
#include "exchange/codecs/powersgd.h"

/* Of a worker: what was lost of its gradients so far, and the places of a vector of which some are sent. */
typedef struct tw__wire_line {
    void *rest;
    tw_sparse_sum list;
    float *factors;      /* powersgd */
    tw__gradient pushed; /* of protocols that have no other place for it */
} tw__wire_line;

typedef struct tw__wire {
    const tw__codec *codec;
    double keep;
    tw__powersgd *matrices; /* NULL: another codec */
    tw__wire_line *line;
} tw__wire;

/* In a protocol's options; x->wire is made of them. */
#define TW__WIRE_KEEP 0.01
enum { TW__WIRE_RANK = 2 };
#define TW__WIRE_OPTIONS                                                                                       \
    {"wire",                                                                                                   \
     TW_WORD,                                                                                                  \
     tw__wires,                                                                                                \
     0,                                                                                                        \
     0,                                                                                                        \
     0,                                                                                                        \
     TW_CLOSED,                                                                                                \
     "how gradients are sent: fp32, as they are; bf16, rounded to 16 bits; 1bit, 2bit, topk or "               \
     "powersgd, what is lost of one is added to the next"},                                                    \
        {"keep",      TW_REAL,                                                                                 \
         NULL,        TW__WIRE_KEEP,                                                                           \
         0,           1,                                                                                       \
         TW_OPEN_MIN, "topk: the share of a gradient's numbers that is sent, rounded to bf16 unless it is 1"}, \
    {                                                                                                          \
        "rank", TW_INT, NULL, TW__WIRE_RANK, 1, 1 << 16, TW_CLOSED,                                            \
            "powersgd: of the matrices that are sent instead of a tensor, columns"                             \
    }

tw_status tw__wire_create(tw__workers *x, tw_error *err);
void tw__wire_free(tw__workers *x);
/* Makes a worker's gradient what is sent of it: a mean where the worker has a whole update. */
tw_status tw__wire_gradient(tw__workers *x, tw__worker *me, tw_error *err);
/* Likewise a sum of gradients, or something else that is a worker's, of the weight 1, which becomes what
 * me->pushed is. */
tw_status tw__wire_push(tw__workers *x, tw__worker *me, tw__sum *sum, tw_error *err);
/* Whether a worker's gradient goes whole to each of the others, and no mean returns. */
int tw__wire_is_whole(const tw__workers *x);
/* Makes n numbers of a mean what they are when they return. */
void tw__wire_mean(const tw__workers *x, size_t n, void *mean);
tw_status tw__wire_visit(tw__workers *x, tw_visitor *v, tw_error *err);
/* Likewise what is of one worker. */
tw_status tw__wire_visit_worker(tw__workers *x, size_t worker, tw_visitor *v, tw_error *err);

/* ---- as bytes (wire_bytes.c) --------------------------------------------------------------------------- */

/* n numbers; of a vector or a mean from a multiple of TW_CHUNK on. */
enum tw__wire_kind { TW__WIRE_VECTOR, TW__WIRE_LIST, TW__WIRE_MEAN };
size_t tw__wire_bytes(const tw__workers *x, enum tw__wire_kind kind, size_t n);
void tw__wire_write(const tw__workers *x, enum tw__wire_kind kind, size_t n, const void *numbers,
                    tw__writer *w);
tw_status tw__wire_read(const tw__workers *x, enum tw__wire_kind kind, size_t n, void *numbers,
                        tw__reader_of_bytes *r, tw_error *err);
/* The numbers lo .. hi - 1 of a worker's vector of all. */
size_t tw__wire_vector_bytes(const tw__workers *x, size_t lo, size_t hi);
void tw__wire_write_vector(const tw__workers *x, size_t worker, const void *vector, size_t lo, size_t hi,
                           tw__writer *w);
tw_status tw__wire_read_vector(const tw__workers *x, size_t worker, void *vector, size_t lo, size_t hi,
                               tw__reader_of_bytes *r, tw_error *err);
/* The places from .. to - 1 of a list, with their indices. */
size_t tw__wire_list_bytes(const tw__workers *x, const tw_sparse_sum *list, size_t from, size_t to);
void tw__wire_write_list(const tw__workers *x, const tw_sparse_sum *list, size_t from, size_t to,
                         tw__writer *w);
/* list->n of them, for which there is room. */
tw_status tw__wire_read_list(const tw__workers *x, tw_sparse_sum *list, tw__reader_of_bytes *r,
                             tw_error *err);
#endif
