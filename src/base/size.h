/* Arithmetic on sizes that says when it overflows.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_SIZE_H
#define TW_BASE_SIZE_H
#include <stddef.h>
#include <stdint.h>

/* *to = a * b (or a + b); 1 if it fits, 0 if not. */
static inline int tw__size_mul(size_t a, size_t b, size_t *to) { return !__builtin_mul_overflow(a, b, to); }
static inline int tw__size_add(size_t a, size_t b, size_t *to) { return !__builtin_add_overflow(a, b, to); }

/* *to = product of the lengths of a shape; 0 if a length is negative or the product does not fit. */
static inline int tw__size_of_shape(int rank, const int64_t *shape, size_t *to)
{
    size_t n = 1;
    for (int i = 0; i < rank; i++)
        if (shape[i] < 0 || !tw__size_mul(n, (size_t)shape[i], &n)) return 0;
    *to = n;
    return 1;
}
#endif
