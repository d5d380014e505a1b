/* The leaves that the rows of a batch are cut into (docs/design.md, section 5).
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_LEAVES_H
#define TW_MODELS_LEAVES_H
#include <thalweg/objective.h>

/* n leaves of `each` rows, the last one of what is left; the first `longer` ones have a row more. */
typedef struct tw__leaves {
    size_t rows, n, each, longer;
} tw__leaves;

static inline tw__leaves tw__leaves_of(size_t rows)
{
    const size_t n = rows ? (rows - 1) / TW_LEAF + 1 : 1;
    return n <= TW_MOST_LEAVES
               ? (tw__leaves){rows, n, TW_LEAF, 0}
               : (tw__leaves){rows, TW_MOST_LEAVES, rows / TW_MOST_LEAVES, rows % TW_MOST_LEAVES};
}

/* The first row of a leaf; how many it has. */
static inline size_t tw__leaf_first(const tw__leaves *l, size_t leaf)
{
    return leaf * l->each + (leaf < l->longer ? leaf : l->longer);
}
static inline size_t tw__leaf_rows(const tw__leaves *l, size_t leaf)
{
    const size_t most = l->each + (leaf < l->longer), left = l->rows - tw__leaf_first(l, leaf);
    return left < most ? left : most;
}

/* Where part i of n begins, for workers who share a batch of so many leaves, if one as large as can be has
 * `whole`: parts are of whole nodes of the tree as far as there are enough. */
static inline size_t tw__part_begin(size_t leaves, size_t whole, size_t i, size_t n)
{
    size_t piece = 1;
    while (piece < whole && (whole + 2 * piece - 1) / (2 * piece) >= n) piece *= 2;
    const size_t pieces = (whole + piece - 1) / piece, each = pieces / n, longer = pieces % n,
                 begin = (each * i + (i < longer ? i : longer)) * piece;
    return i == n || begin > leaves ? leaves : begin;
}

/* Of n leaves, or nodes, from the left those that are the left child of their node in the batch tree. */
static inline size_t tw__left_of(size_t n)
{
    size_t left = 1;
    while (2 * left < n) left *= 2;
    return left;
}

/* The leaf that a row is in. */
static inline size_t tw__leaf_at(const tw__leaves *l, size_t row)
{
    const size_t of_longer = l->longer * (l->each + 1);
    return row < of_longer ? row / (l->each + 1) : l->longer + (row - of_longer) / l->each;
}
#endif
