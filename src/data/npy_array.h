/* Arrays in NumPy's format npy, versions 1 to 3. The header is not believed: it is short, read as a literal
 * and never executed, and memory follows what the file really holds.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_NPY_ARRAY_H
#define TW_DATA_NPY_ARRAY_H
#include <thalweg/registry.h>
#include "base/context.h"

enum { TW__NPY_MOST_HEADER = 1 << 16, TW__NPY_TYPE = 16 };

/* An array of one or two dimensions; one has one column. {0} is an empty one. */
typedef struct tw__npy {
    char kind; /* f, i, u or b (bool) */
    int size;  /* of an element: 1, 2, 4 or 8 */
    int is_big_endian, is_fortran;
    size_t rows, columns;
    uint8_t *bytes;        /* n_bytes */
    size_t n_bytes, begin; /* begin: where they are in the file */
} tw__npy;

typedef tw_status tw__npy_source(void *user, void *to, size_t n, size_t *got, tw_error *err);

/* Reads an array and nothing behind it; what: file and member, for messages. */
tw_status tw__npy_read(tw__npy *out, tw_context *ctx, const char *what, tw__npy_source *read, void *user,
                       tw_error *err);
void tw__npy_free(tw__npy *array, tw_context *ctx);
/* Where an element is in `bytes`. */
static inline size_t tw__npy_at(const tw__npy *a, size_t row, size_t column)
{
    return (a->is_fortran ? column * a->rows + row : row * a->columns + column) * (size_t)a->size;
}
/* 1: a double holds it exactly. */
int tw__npy_number(const tw__npy *a, size_t row, size_t column, double *x);
/* As text, whole numbers with all their digits. Returns `to`. */
const char *tw__npy_text(const tw__npy *a, size_t row, size_t column, char to[TW_VALUE_MAX]);
#endif
