/* The arithmetic of recurrent cells between their products: n numbers of each gate, side by side.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_RECURRENT_H
#define TW_MATH_KERNELS_RECURRENT_H
#include <stddef.h>

typedef struct tw__recurrent_kernels {
    /* h = tanh(a + b) */
    void (*tanh_forward)(size_t n, const void *a, const void *b, void *h);
    /* d = dh * (1 - h^2); d may be dh */
    void (*tanh_input)(size_t n, const void *h, const void *dh, void *d);
    /* Gates i, f, g, o of n numbers each: with a and b added, i, f and o through the sigmoid, g through tanh,
     * into gates; c = f * c_before + i * g, h = o * tanh(c). */
    void (*lstm_forward)(size_t n, const void *a, const void *b, const void *c_before, void *gates, void *c,
                         void *h);
    /* From dh and dc, the gradients of h and c from later times: d, of the gates before their functions, and
     * dc becomes that of c_before. */
    void (*lstm_input)(size_t n, const void *gates, const void *c_before, const void *c, const void *dh,
                       void *dc, void *d);
    /* Gates r, z, n: r = sigmoid(a + b), z likewise, n = tanh(a + r * b); h = (1 - z) * n + z * h_before.
     * gates gets r, z, n and b of n. */
    void (*gru_forward)(size_t n, const void *a, const void *b, const void *h_before, void *gates, void *h);
    /* The same with the reset gate before the product: from a and b of r and z, those two into gates, and
     * reset = r * h_before; then, with b_n, the product of that, n and h. */
    void (*gru_reset)(size_t n, const void *a, const void *b, const void *h_before, void *gates, void *reset);
    void (*gru_after_reset)(size_t n, const void *a, const void *b_n, const void *h_before, void *gates,
                            void *h);
    /* Backward: d of z and n, and dh becomes h_before's but for what goes through products; then from
     * d_reset, the gradient of r * h_before, d of r, and what it gives h_before is added to dh. */
    void (*gru_after_reset_input)(size_t n, const void *gates, const void *h_before, void *dh, void *d);
    void (*gru_reset_input)(size_t n, const void *gates, const void *h_before, const void *d_reset, void *dh,
                            void *d);
    /* d_in, d_hidden: of a and of b; dh becomes the gradient of h_before that does not go through b */
    void (*gru_input)(size_t n, const void *gates, const void *h_before, void *dh, void *d_in,
                      void *d_hidden);
} tw__recurrent_kernels;

#endif
