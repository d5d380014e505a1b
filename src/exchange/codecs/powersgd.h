/* powersgd: of every tensor that is a matrix two narrow ones are sent, whose product it is nearly.
 *
 *     P = M Q,  its columns made orthonormal,  Q = M' P      M arrives as P Q'
 *
 * Q is where the next update begins. Matrices that take no fewer numbers so, vectors, and buffers are sent as
 * they are. Vogels, Karimireddy & Jaggi 2019, Algorithms 1 and 2.
 *
 * There the workers' P are added up before they are made orthonormal, and then their Q: two rounds of
 * messages, for which all wait. Here each worker has both factors of its gradient alone, in one message,
 * which goes with any exchange; the sum of n workers' gradients has rank n r and is nearer to theirs.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_CODECS_POWERSGD_H
#define TW_EXCHANGE_CODECS_POWERSGD_H
#include "exchange/content.h"

typedef struct tw__powersgd tw__powersgd;

tw_status tw__powersgd_create(tw__powersgd **out, const tw__workers *x, size_t rank, tw_error *err);
void tw__powersgd_free(tw__powersgd *p, const tw__workers *x);
/* Numbers in a worker's factors, and as many of these, the first, as the next update begins with. Zeros: it
 * begins with random ones. */
size_t tw__powersgd_factors(const tw__powersgd *p);
size_t tw__powersgd_kept(const tw__powersgd *p);
/* Makes a vector of all weights what it is when it arrives, and `factors` what is sent of it. */
void tw__powersgd_f32(const tw__powersgd *p, float *g, float *factors);
void tw__powersgd_f64(const tw__powersgd *p, double *g, float *factors);
/* The numbers lo .. hi-1 of it as bytes. At the receiver `factors` is where these get in between. */
size_t tw__powersgd_bytes(const tw__powersgd *p, size_t lo, size_t hi);
void tw__powersgd_write(const tw__powersgd *p, const void *g, const float *factors, size_t lo, size_t hi,
                        tw__writer *w);
tw_status tw__powersgd_read(const tw__powersgd *p, void *g, float *factors, size_t lo, size_t hi,
                            tw__reader_of_bytes *r, tw_error *err);
#endif
