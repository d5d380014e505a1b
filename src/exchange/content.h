/* What messages between processes carry, as bytes. Every process has all workers of the run, of which one
 * computes here; the others are stand-ins: what a message brings is put into the stand-in of its sender,
 * where the protocol then finds it, as it does in one process.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_CONTENT_H
#define TW_EXCHANGE_CONTENT_H
#include "exchange/protocol.h"

/* Where the gradients of stand-ins lie: a node of each. */
typedef struct tw__stand_in {
    void *dense[TW_MOST_LEAVES];
    tw_sparse_sum list[TW_MOST_LEAVES];
} tw__stand_in;

/* Bytes that are written, or with `at` NULL only counted. */
typedef struct tw__writer {
    unsigned char *at;
    size_t n;
} tw__writer;
void tw__write(tw__writer *w, const void *from, size_t n);

/* Bytes that are read, or with `to` NULL left out. TW_ERR_DATA: there are not so many left. */
typedef struct tw__reader_of_bytes {
    const unsigned char *at;
    size_t left;
} tw__reader_of_bytes;
tw_status tw__read(tw__reader_of_bytes *r, void *to, size_t n, tw_error *err);

/* At the sender, in whose process the worker or server is that the message is from. */
void tw__content_write(tw__workers *x, const tw__message *m, tw__writer *w);
/* At the receiver: stand_in of all workers. */
tw_status tw__content_read(tw__workers *x, tw__stand_in *stand_in, const tw__message *m,
                           tw__reader_of_bytes *r, tw_error *err);
void tw__stand_in_free(const tw__workers *x, tw__stand_in *s);
#endif
