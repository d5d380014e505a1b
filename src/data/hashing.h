/* Columns by a hash of what they are called, so that their number is known beforehand.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_HASHING_H
#define TW_DATA_HASHING_H
#include <stddef.h>
#include <stdint.h>

enum { TW__MOST_HASH_BITS = 30 };

/* From indices to 2^bits columns, rising: the low bits of XXH3-64 of the index, of 8 bytes, the low one
 * first, whose highest bit says whether the number changes its sign (Weinberger et al. 2009, "Feature hashing
 * for large scale multitask learning"). Numbers that come to the same column are added, and zeros left out.
 * Returns how many there are then. */
size_t tw__hash_columns(double *x, uint32_t *columns, size_t n, unsigned bits);
#endif
