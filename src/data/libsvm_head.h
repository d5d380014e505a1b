/* Knows a LIBSVM file, and whether its rows have a qid, by its first row with features.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_LIBSVM_HEAD_H
#define TW_DATA_LIBSVM_HEAD_H
#include <stddef.h>

/* A text of n bytes, which may be cut off. A wrong row is recognised too, so that its error can be named: it
 * begins like "1 3:", with a number and an index; one without a label, or with a word for one, has to be
 * right. */
int tw__is_libsvm(const char *text, size_t n);
/* No line has two words, and none a comma or semicolon: labels or features alone, or any other text. */
int tw__libsvm_is_short(const char *text, size_t n);
/* The first row has a qid. */
int tw__libsvm_has_qid(const char *text, size_t n);
/* A row has several labels, with commas between them. */
int tw__libsvm_has_sets(const char *text, size_t n);
#endif
