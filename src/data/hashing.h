/* Columns by a hash of what they are called, so that their number is known beforehand.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_HASHING_H
#define TW_DATA_HASHING_H
#include "data/reader.h"

enum { TW__MOST_HASH_BITS = 30 };

/* The column, below 2^bits, of a text of n bytes: the low bits of its XXH3-64, whose highest bit says whether
 * a number there changes its sign (Weinberger et al. 2009, "Feature hashing for large scale multitask
 * learning"). *sign: 1 or -1. */
uint32_t tw__hash_column(const char *text, size_t n, unsigned bits, double *sign);
/* From indices to 2^bits columns, by the hash of an index as 8 bytes, the low one first; then as
 * tw__merge_columns. */
size_t tw__hash_columns(double *x, uint32_t *columns, size_t n, unsigned bits);
/* Sorts a row's numbers by their columns, adds those of the same column, and leaves zeros out. Returns how
 * many there are then. */
size_t tw__merge_columns(double *x, uint32_t *columns, size_t n);
/* Option hash_bits, or those of the training rows. TW_ERR_SPEC: too many, or others than those. */
tw_status tw__hash_bits(const tw__source *source, unsigned *bits, tw_error *err);
#endif
