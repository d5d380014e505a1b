/* Sparse rows as texts make them, by arithmetic alone: a few columns are in most rows and most columns in few
 * (column j with a probability near 1/(j + 1)), rare ones have larger numbers, and the class follows from
 * weights that were drawn first, but for one row in twenty. Row i of a seed depends on (seed, i) only and is
 * the same everywhere. Its numbers are multiples of 1/10,000, its norm is about 1.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_PLANTED_H
#define TW_DATA_PLANTED_H
#include "base/context.h"

enum { TW__PLANTED_UNIT = 10000 };
enum { TW__PLANTED_TRAIN = 20000, TW__PLANTED_TEST = 5000 };
enum { TW__PLANTED_COLUMNS = 20000, TW__PLANTED_NONZEROS = 50 };
enum {
    TW__PLANTED_MOST_COLUMNS = 100000000,
    TW__PLANTED_MOST_NONZEROS = 10000,
    TW__PLANTED_MOST_ROWS = 1000000000
};
/* number of the first test row: the sets stay apart whatever their sizes */
#define TW__PLANTED_TEST_FIRST (UINT64_C(1) << 40)

typedef struct tw__planted {
    uint64_t seed;
    uint32_t columns;
    uint32_t nonzeros; /* drawn for a row on the average; not less than columns: rows are dense */
} tw__planted;

typedef struct tw__planted_row {
    int class; /* 0 or 1 */
    uint32_t n, *column;
    uint32_t *units; /* of 1/TW__PLANTED_UNIT, at least 1 */
    double *scratch;
} tw__planted_row;

enum {
    TW__PLANTED_STREAMS = 16
}; /* of TW__FOR_PLANTED that rows may take; other sets have those after them */
/* Number `at` of a stream of TW__FOR_PLANTED, below n: floor((n + 1)^u) - 1 for a uniform u. */
uint32_t tw__planted_pick(uint32_t n, uint64_t seed, uint32_t stream, uint64_t at);
/* numbers in a row at most: what a tw__planted_row has room for */
size_t tw__planted_most(const tw__planted *p);
/* Allocates the arrays, which tw__planted_free frees, also after an error. */
tw_status tw__planted_new(const tw__planted *p, tw_context *ctx, tw__planted_row *row, tw_error *err);
void tw__planted_free(const tw__planted *p, tw_context *ctx, tw__planted_row *row);
void tw__planted_draw(const tw__planted *p, uint64_t number, tw__planted_row *row);
#endif
