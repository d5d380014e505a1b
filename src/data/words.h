/* Different texts of a file, such as the spellings of its labels, numbered from 0 in the order in which they
 * come.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_WORDS_H
#define TW_DATA_WORDS_H
#include "base/context.h"

/* {0} is an empty one. */
typedef struct tw__words {
    char *text; /* each with its 0 at the end */
    size_t used, text_capacity;
    size_t *start; /* of each word in text */
    uint32_t n;
    size_t capacity;
    uint32_t *slot; /* open addressing: a word's number + 1, or 0 */
    size_t slots;   /* a power of two, or 0 */
} tw__words;

enum { TW__MOST_WORDS = 1 << 30 };

/* The number of a text of n bytes without a 0, which is added if it is new. TW_ERR_MEMORY; TW_ERR_DATA:
 * TW__MOST_WORDS are there. */
tw_status tw__words_add(tw__words *words, tw_context *ctx, const char *text, size_t n, uint32_t *number,
                        tw_error *err);
/* Its number; -1: there is no such word. */
int64_t tw__words_find(const tw__words *words, const char *text, size_t n);
const char *tw__words_at(const tw__words *words, uint32_t number);
void tw__words_free(tw__words *words, tw_context *ctx);

/* Whether these numbers of labels are one class: those from 2^53 on are not told apart by a double, there
 * each spelling is a class of its own. */
static inline int tw__label_is_equal(double a, double b) { return a == b && __builtin_fabs(a) < 0x1p53; }
/* *twice = the first of these names of classes that stands for an earlier one's class, too, as "+1" and "1"
 * do where all are numbers; n: none. */
tw_status tw__classes_twice(tw_context *ctx, char *const *names, size_t n, size_t *twice, tw_error *err);
#endif
