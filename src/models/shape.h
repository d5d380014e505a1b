/* The shape of one row: what a model takes, and what stands between two layers.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_SHAPE_H
#define TW_MODELS_SHAPE_H
#include "base/context.h"

/* An image (rank 3: height, width, channels), a sequence (rank 2: time, features) or a vector (rank 1). A
 * flattened image remembers what it was,
 * because files number its elements by channel first. */
typedef struct tw__shape {
    int rank;
    int64_t n[3];
    int64_t image[3];
} tw__shape;

enum { TW__SHAPE_TEXT = 64 };
/* Of a data set's rows: rank 2 is an image of one channel. TW_ERR_SPEC: no model takes such a
 * rank; TW_ERR_DATA: so many numbers. */
tw_status tw__shape_of_row(int rank, const int64_t *shape, tw__shape *out, tw_error *err);
size_t tw__shape_size(const tw__shape *s);
const char *tw__shape_text(const tw__shape *s, char *to, size_t n); /* "28x28x1" */
/* Reads such a text; 0: it is none. */
int tw__shape_read(const char *text, tw__shape *out);
/* The whole number at *p, and *p behind it; -1: there is none. INT64_MAX for one that is larger. */
int64_t tw__shape_number(const char **p);
#endif
