/* The arithmetic of network layers: one table of functions per precision, stamped once per instruction set.
 * Every function has a naive scalar definition (tests/kernels_naive.h) and equals it bit for bit
 * (docs/design.md, section 5): products use fma, accumulated over k in the order of the private layout;
 * nothing depends on vector width, tiling or threads. (Which NaN comes out where several meet is not
 * defined.) Numbers are `float` or `double` as the table says; matrices are row major without gaps; images
 * are [row][height][width][channel].
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_H
#define TW_MATH_KERNELS_H
#include <stddef.h>
#include <stdint.h>
#include <thalweg/context.h>

/* How the gradient of some rows reaches memory.  A leaf of the batch tree is a chain of products in row order
 * from 0: START stores it, CONTINUE continues a stored chain (a leaf evaluated in pieces), ADD computes the
 * leaf apart and adds it to the node that is there (node = node + leaf). */
typedef enum tw__into { TW__START, TW__CONTINUE, TW__ADD } tw__into;

/* A valid convolution, stride 1: out_h = in_h - k_h + 1. Weights [k_h][k_w][in_c][out_c]. */
typedef struct tw__conv {
    size_t in_h, in_w, in_c, k_h, k_w, out_h, out_w, out_c;
} tw__conv;
/* Pooling windows of k_h x k_w side by side; a ragged edge of the input is not looked at: out_h = in_h /
 * k_h. */
typedef struct tw__pooling {
    size_t in_h, in_w, c, k_h, k_w, out_h, out_w;
} tw__pooling;

typedef struct tw__kernels {
    size_t real; /* bytes of a number, 4 or 8 */

    /* x[i] = from[i] / 255, correctly rounded */
    void (*fetch_u8)(size_t n, const uint8_t *from, void *x);
    /* x[i] = (real)from[i] */
    void (*fetch_f32)(size_t n, const float *from, void *x);

    /* Dense: y[r][o] = bias[o] + sum over i of x[r][i] * w(i, o), the chain starts at the bias, i ascending.
     * The weight from input i to output o stands at w[tw__dense_at(in, out, i, o)].  `packed` holds
     * dense_packed(in, out) numbers, made by dense_pack from w once per point; where that is 0 the weights
     * are used as they are and `packed` is ignored. */
    size_t (*dense_packed)(size_t in, size_t out);
    void (*dense_pack)(size_t in, size_t out, const void *w, void *packed);
    void (*dense_forward)(size_t rows, size_t in, size_t out, const void *x, const void *w,
                          const void *packed, const void *bias, void *y);
    /* dx[r][i] = chain from 0 over o ascending of dy[r][o] * w(i, o) */
    void (*dense_input)(size_t rows, size_t in, size_t out, const void *dy, const void *w, void *dx);
    /* dw(i, o) = chain over r ascending of x[r][i] * dy[r][o]; db[o] = plain sum over r ascending of
     * dy[r][o]; as `into` says */
    void (*dense_weights)(size_t rows, size_t in, size_t out, const void *x, const void *dy, tw__into into,
                          void *dw, void *db);

    /* Convolution, per image: y[oy][ox][oc] starts at bias[oc]; chain over (ky, kx, ic) ascending of
     * x[oy+ky][ox+kx][ic] * w[ky][kx][ic][oc] */
    void (*conv_forward)(size_t rows, const tw__conv *c, const void *x, const void *w, const void *bias,
                         void *y);
    /* dw[ky][kx][ic][oc], db[oc]: chain over images ascending; in an image over 2x2 windows of output
     * positions in raster order (ragged edges included as smaller windows), in a window raster order; a
     * position whose dy is exactly 0 is not added, and 0 is added to the end of the chain (a zero is +0, so
     * that adding the zeros of finite inputs would give the same bits). db: plain sums, likewise. */
    void (*conv_weights)(size_t rows, const tw__conv *c, const void *x, const void *dy, tw__into into,
                         void *dw, void *db);
    /* dx[iy][ix][ic]: chain from 0 over the output positions that used it, oy ascending, ox ascending, then
     * oc ascending, of dy[oy][ox][oc] * w[iy-oy][ix-ox][ic][oc]; a dy that is exactly 0 is not added, 0 is
     * added at the end */
    void (*conv_input)(size_t rows, const tw__conv *c, const void *dy, const void *w, void *dx);

    /* Max pooling by a tournament in raster order with the new value second: m = x0; m = x1 > m || x1 is NaN
     * ? x1 : m; ... which[] (uint8_t, place of the winner in its window, raster) is stored when not NULL. */
    void (*pool_forward)(size_t rows, const tw__pooling *p, const void *x, void *y, uint8_t *which);
    /* dx = dy at the winner, 0 elsewhere (also on the ragged edge) */
    void (*pool_input)(size_t rows, const tw__pooling *p, const void *dy, const uint8_t *which, void *dx);

    /* y = 0 > x ? 0 : x (a NaN stays a NaN); in place allowed.  dx = y > 0 ? dy : 0; in place allowed. */
    void (*relu_forward)(size_t n, const void *x, void *y);
    void (*relu_input)(size_t n, const void *y, const void *dy, void *dx);

    /* e = exp(-|x|), y = (x >= 0 ? 1 : e) / (1 + e); in place allowed.  dx = dy * (y * (1 - y)); in place
     * allowed. */
    void (*sigmoid_forward)(size_t n, const void *x, void *y);
    void (*sigmoid_input)(size_t n, const void *y, const void *dy, void *dx);

    /* y[u] = word(u) < threshold ? 0 : x[u] * (real)scale, where word(u) is word u % 4 of tw__philox(seed, u
     * / 4, c1, c2, c3); in place allowed. The gradient is the same function applied to dy. */
    void (*dropout)(size_t n, uint64_t seed, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t threshold,
                    double scale, const void *x, void *y);

    /* y[r] = softmax of x[r] over n classes, in working precision: e = exp(x - max), y = e / (plain sum of e,
     * class ascending); in place allowed */
    void (*softmax)(size_t rows, size_t n, const void *x, void *y);
    /* Softmax and cross-entropy with the class label[r] from the logits x.  *loss += -log
     * softmax(x[r])[label[r]] in double, row by row, as log(sum) - (x[r][label] - max), which is finite where
     * the probability underflows; *correct += 1 where the first largest logit is the label's; dx (may be
     * NULL) = softmax - onehot. dx may be x. */
    void (*softmax_loss)(size_t rows, size_t n, const void *x, const int32_t *label, double *loss,
                         double *correct, void *dx);

    /* Sigmoid and binary cross-entropy with label[r], 0 or 1, from one logit x[r] a row.  With m = x for
     * label 1, -x for label 0, e = exp(-|m|): *loss += log(1 + e) - min(m, 0) in double, row by row; *correct
     * += 1 where y > 0.5 is what the label says (Keras's binary_accuracy); dx (may be NULL) = -(m >= 0 ? e :
     * 1) / (1 + e) for label 1, and without the sign for 0: it keeps its digits as y nears the label.  dx may
     * be x. */
    void (*sigmoid_loss)(size_t rows, const void *x, const int32_t *label, double *loss, double *correct,
                         void *dx);

    /* a[i] = a[i] + b[i] */
    void (*add)(size_t n, void *a, const void *b);
    /* a[i] = a[i] / (real)divisor */
    void (*divide)(size_t n, void *a, double divisor);

    /* A convolution, relu and 2x2 pooling (p->k_h == p->k_w == 2) in one go, the same bits as conv_forward,
     * relu_forward and pool_forward: y holds the pooled outputs, and bits (NULL: not wanted) which position
     * won and whether it was above 0, in conv_relu_pool_bits(c, p) bytes per image.  The gradient of the
     * weights comes from dy, the gradient of y, in the same bits as by pool_input, relu_input and
     * conv_weights; `scratch` holds conv_relu_pool_scratch(c) numbers. */
    size_t (*conv_relu_pool_bits)(const tw__conv *c, const tw__pooling *p);
    void (*conv_relu_pool_forward)(size_t rows, const tw__conv *c, const tw__pooling *p, const void *x,
                                   const void *w, const void *bias, void *y, void *bits);
    size_t (*conv_relu_pool_scratch)(const tw__conv *c);
    void (*conv_relu_pool_weights)(size_t rows, const tw__conv *c, const tw__pooling *p, const void *x,
                                   const void *dy, const void *bits, tw__into into, void *dw, void *db,
                                   void *scratch);
} tw__kernels;

/* The table for a precision (TW_F32, TW_F64) and an instruction set (tw_context_isa).  Never NULL. */
const tw__kernels *tw__kernels_for(tw_type type, tw_isa isa);

/* Where a dense layer keeps the weight from input i to output o: chosen for speed, known only here and where
 * models are saved. */
size_t tw__dense_at(size_t in, size_t out, size_t i, size_t o);
#endif
