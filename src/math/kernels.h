/* The arithmetic of network layers: one table of functions per precision, stamped once per instruction set.
 * Every function has a naive scalar definition (tests/kernels_naive.h) and equals it bit for bit
 * (docs/design.md, section 5): products use fma, accumulated over k in the order of the private layout;
 * nothing depends on vector width, tiling or threads. (Which NaN comes out where several meet is not
 * defined.) Numbers are `float` or `double` as the table says; matrices are row major without gaps; images
 * are [row][height][width][channel].
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_H
#define TW_MATH_KERNELS_H
#include <thalweg/context.h>
#include "math/kernels/attention.h"
#include "math/kernels/classes.h"
#include "math/kernels/conv.h"
#include "math/kernels/conv_general.h"
#include "math/kernels/conv_pool.h"
#include "math/kernels/dense.h"
#include "math/kernels/norm.h"
#include "math/kernels/pool.h"
#include "math/kernels/recurrent.h"

typedef struct tw__kernels {
    size_t real; /* bytes of a number, 4 or 8 */
    tw_isa isa;  /* the instruction set */

    /* x[i] = from[i] / 255, correctly rounded */
    void (*fetch_u8)(size_t n, const uint8_t *from, void *x);
    /* x[i] = (real)from[i] */
    void (*fetch_f32)(size_t n, const float *from, void *x);

    /* a[i] = a[i] + b[i] */
    void (*add)(size_t n, void *a, const void *b);
    /* a[i] = a[i] / (real)divisor */
    void (*divide)(size_t n, void *a, double divisor);

    /* y[u] = word(u) < threshold ? 0 : x[u] * (real)scale, where word(u) is word u % 4 of tw__philox(seed, u
     * / 4, c1, c2, c3); in place allowed. The gradient is the same function applied to dy. */
    void (*dropout)(size_t n, uint64_t seed, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t threshold,
                    double scale, const void *x, void *y);

    tw__dense_kernels dense;
    tw__conv_kernels conv;
    tw__conv_general_kernels conv_general;
    tw__pool_kernels pool;
    tw__conv_pool_kernels conv_pool;
    tw__classes_kernels classes;
    tw__norm_kernels norm;
    tw__attention_kernels attention;
    tw__recurrent_kernels recurrent;
} tw__kernels;

/* The table for a precision (TW_F32, TW_F64) and an instruction set (tw_context_isa).  Never NULL. */
const tw__kernels *tw__kernels_for(tw_type type, tw_isa isa);
#endif
