/* Dense layers.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_DENSE_H
#define TW_MATH_KERNELS_DENSE_H
#include <stddef.h>
#include <stdint.h>
#include "math/kernels/into.h"
#include "math/kernels/rows.h"

typedef struct tw__dense_kernels {
    /* y[r][o] = bias[o] + sum over i of x[r][i] * w(i, o), the chain starts at the bias, i ascending.
     * The weight from input i to output o stands at w[tw__dense_at(in, out, i, o)].  `packed` holds
     * packed(in, out) numbers, made by pack from w once per point, part by part in any order; where that is
     * 0 the weights are used as they are and `packed` is ignored.
     * Rows may stand in frames: x and y, x and dy, dy and dx then each with the same step. */
    size_t (*packed)(size_t in, size_t out);
    void (*pack)(size_t in, size_t out, tw__part part, const void *w, void *packed);
    void (*forward)(tw__rows rows, size_t in, size_t out, const void *x, const void *w, const void *packed,
                    const void *bias, void *y);
    /* dx[r][i] = chain from 0 over o ascending of dy[r][o] * w(i, o); CONTINUE: from what stands there */
    void (*input)(tw__rows rows, size_t in, size_t out, const void *dy, const void *w, tw__into into,
                  void *dx);
    /* turned[o * in + i] = w(i, o): where dx of the same weights is wanted again and again, it is
     * forward(rows, out, in, dy, turned, turned, zeros, dx) */
    void (*turn)(size_t in, size_t out, const void *w, void *turned);
    /* dw(i, o) = chain over r ascending of x[r][i] * dy[r][o]; db[o] = plain sum over r ascending of
     * dy[r][o]; as `into` says. Of several leaves TREE or TREE_REST, only from 16 outputs on. */
    void (*weights)(tw__rows rows, size_t in, size_t out, const void *x, const void *dy, tw__into into,
                    void *dw, void *db);
} tw__dense_kernels;

/* Where a dense layer keeps the weight from input i to output o: chosen for speed, known only here and where
 * models are saved. */
size_t tw__dense_at(size_t in, size_t out, size_t i, size_t o);
#endif
