/* Every network kernel equals its scalar definition (kernels_naive.h) bit for bit, in both precisions, at
 * every instruction set this CPU has: odd shapes, ragged edges, zeros, and numbers that are not finite or
 * underflow.  A NaN only has to be a NaN.
 * SPDX-License-Identifier: MIT */
#include "kernels_bench.h"

static void check_dense(bench *b, size_t rows, size_t in, size_t out)
{
    void *x = numbers(b, rows * in, NORMAL), *w = numbers(b, in * out, NORMAL),
         *bias = numbers(b, out, NORMAL);
    void *dy = numbers(b, rows * out, HALF_ZERO), *start = numbers(b, in * out + out, NORMAL);
    void *y = numbers(b, rows * out, NORMAL), *dx = numbers(b, rows * in, NORMAL);
    char what[80];
    b->naive->dense.forward(tw__rows_together(rows), in, out, x, w, NULL, bias, y);
    void *more = copy(dx, rows * in * b->real), *begun = copy(dx, rows * in * b->real);
    b->naive->dense.input(tw__rows_together(rows), in, out, dy, w, TW__START, dx);
    b->naive->dense.input(tw__rows_together(rows), in, out, dy, w, TW__CONTINUE, more);
    for (size_t l = 0; l < b->levels; l++) {
        const tw__kernels *k = b->fast[l];
        void *packed = numbers(b, k->dense.packed(in, out), NORMAL), *fy = numbers(b, rows * out, NORMAL),
             *fdx = numbers(b, rows * in, NORMAL);
        snprintf(what, sizeof what, "dense %zux%zux%zu", rows, in, out);
        k->dense.pack(in, out, (tw__part){1, 3}, w, packed);
        k->dense.pack(in, out, (tw__part){0, 3}, w, packed);
        k->dense.pack(in, out, (tw__part){2, 3}, w, packed);
        k->dense.forward(tw__rows_together(rows), in, out, x, w, packed, bias, fy);
        same(b, l, what, rows * out, y, fy);
        k->dense.input(tw__rows_together(rows), in, out, dy, w, TW__START, fdx);
        same(b, l, what, rows * in, dx, fdx);
        memcpy(fdx, begun, rows * in * b->real);
        k->dense.input(tw__rows_together(rows), in, out, dy, w, TW__CONTINUE, fdx);
        same(b, l, what, rows * in, more, fdx);
        for (int into = TW__START; into <= TW__ADD; into++) {
            void *dw = copy(start, (in * out + out) * b->real),
                 *fast = copy(start, (in * out + out) * b->real);
            b->naive->dense.weights(tw__rows_together(rows), in, out, x, dy, (tw__into)into,
                                    (char *)dw + out * b->real, dw);
            k->dense.weights(tw__rows_together(rows), in, out, x, dy, (tw__into)into,
                             (char *)fast + out * b->real, fast);
            snprintf(what, sizeof what, "dense_weights %zux%zux%zu into %d", rows, in, out, into);
            same(b, l, what, in * out + out, dw, fast);
            free(dw), free(fast);
        }
        free(packed), free(fy), free(fdx);
    }
    free(x), free(w), free(bias), free(dy), free(start), free(y), free(dx), free(more), free(begun);
}

static void test_dense(void **state)
{
    static const size_t rows[] = {1, 3, 8, 13}, sizes[] = {1, 3, 10, 16, 17, 33, 128};
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++) {
        bench b;
        bench_of(&b, (tw_type)type);
        for (size_t r = 0; r < COUNT(rows); r++)
            for (size_t i = 0; i < COUNT(sizes); i++)
                for (size_t o = 0; o < COUNT(sizes); o++) check_dense(&b, rows[r], sizes[i], sizes[o]);
        check_dense(&b, 1, 7, 150); /* more than a line of vectors, either way */
        check_dense(&b, 1, 150, 7);
        check_dense(&b, 67, 130, 4096 / b.real); /* rows of w that collide in the cache */
    }
}

/* Leaves of the gradient of an input that of the image within its zeros. */
static size_t without_zeros(const bench *b, size_t rows, const tw__conv *c, void *dx)
{
    const size_t pixel = c->in_c * b->real, wide = c->in_w - c->left - c->right;
    char *to = dx;
    for (size_t r = 0; r < rows; r++)
        for (size_t y = c->top; y < c->in_h - c->bottom; y++, to += wide * pixel)
            memmove(to, (char *)dx + ((r * c->in_h + y) * c->in_w + c->left) * pixel, wide * pixel);
    return (size_t)(to - (char *)dx) / b->real;
}

static void check_conv(bench *b, size_t rows, const tw__conv *c, kind of_x, kind of_w, kind of_dy)
{
    size_t n_x = rows * c->in_h * c->in_w * c->in_c, n_w = c->k_h * c->k_w * c->in_c * c->out_c,
           n_y = rows * c->out_h * c->out_w * c->out_c;
    void *x = numbers(b, n_x, of_x), *w = numbers(b, n_w, of_w), *bias = numbers(b, c->out_c, NORMAL),
         *dy = numbers(b, n_y, of_dy);
    void *start = numbers(b, n_w + c->out_c, NORMAL), *y = numbers(b, n_y, NORMAL),
         *dx = numbers(b, n_x, NORMAL);
    char what[120];
    b->naive->conv.forward(rows, c, x, w, bias, y);
    b->naive->conv.input(rows, c, dy, w, dx, NULL);
    const size_t n_dx = without_zeros(b, rows, c, dx);
    for (int into = -1; into <= TW__ADD; into++) {
        void *dw = copy(start, (n_w + c->out_c) * b->real);
        if (into >= 0)
            b->naive->conv.weights(rows, c, x, dy, (tw__into)into, (char *)dw + c->out_c * b->real, dw);
        for (size_t l = 0; l < b->levels; l++) {
            const tw__kernels *k = b->fast[l];
            void *fy = numbers(b, n_y, NORMAL), *fdx = numbers(b, n_x, NORMAL),
                 *fast = copy(start, (n_w + c->out_c) * b->real);
            snprintf(
                what, sizeof what,
                "conv %zu rows of %zux%zux%zu, zeros %zu %zu %zu %zu, %zux%zu -> %zu, kinds %d %d %d, into %d",
                rows, c->in_h, c->in_w, c->in_c, c->top, c->bottom, c->left, c->right, c->k_h, c->k_w,
                c->out_c, (int)of_x, (int)of_w, (int)of_dy, into);
            if (into < 0) {
                k->conv.forward(rows, c, x, w, bias, fy);
                same(b, l, what, n_y, y, fy);
                void *packed = numbers(b, k->conv.packed(c), NORMAL),
                     *scratch = numbers(b, k->conv.input_scratch(c), WILD);
                k->conv.pack(c, w, packed);
                k->conv.input(rows, c, dy, packed, fdx, scratch);
                same(b, l, what, n_dx, dx, fdx);
                free(packed), free(scratch);
            } else {
                k->conv.weights(rows, c, x, dy, (tw__into)into, (char *)fast + c->out_c * b->real, fast);
                same(b, l, what, n_w + c->out_c, dw, fast);
            }
            free(fy), free(fdx), free(fast);
        }
        free(dw);
    }
    free(x), free(w), free(bias), free(dy), free(start), free(y), free(dx);
}

static tw__conv conv_of(size_t h, size_t w, size_t in_c, size_t k_h, size_t k_w, size_t out_c)
{
    return (tw__conv){h, w, in_c, k_h, k_w, h - k_h + 1, w - k_w + 1, out_c, 0, 0, 0, 0};
}

/* The convolution with some of its input's lines and columns as zeros. */
static tw__conv with_zeros(tw__conv c, size_t i)
{
    c.top = i % 3, c.bottom = i / 3 % 2, c.left = i / 2 % 3, c.right = i / 4 % 2;
    return c;
}

static void test_conv(void **state)
{
    static const size_t k[][2] = {{1, 1}, {3, 3}, {5, 5}, {2, 3}}, in_c[] = {1, 3, 6},
                        out_c[] = {1, 6, 16, 32, 33};
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++) {
        bench b;
        bench_of(&b, (tw_type)type);
        for (size_t i = 0; i < COUNT(k) * COUNT(in_c) * COUNT(out_c); i++) {
            const size_t *size = k[i / COUNT(out_c) / COUNT(in_c)];
            tw__conv c = conv_of(5 + i % 3, 7 + i % 2, in_c[i / COUNT(out_c) % COUNT(in_c)], size[0], size[1],
                                 out_c[i % COUNT(out_c)]);
            c = with_zeros(c, i % 7 * (i % 2));
            check_conv(&b, 1 + i % 3, &c, NORMAL, NORMAL, i % 4 < 2 ? NORMAL : HALF_ZERO);
        }
        for (size_t i = 0; i < 24; i++) { /* lines of many taps, all ways of zeros */
            tw__conv c = with_zeros(conv_of(6 + i % 2, 8, 4 + i, 2 + i % 2, 3, 16 + i), i);
            check_conv(&b, 2, &c, NORMAL, NORMAL, i % 3 ? NORMAL : HALF_ZERO);
        }
        tw__conv c = with_zeros(conv_of(6, 7, 12, 3, 3, 20), 7);
        for (int of = NORMAL; of <= WILD; of++) {
            check_conv(&b, 2, &c, (kind)of, TINY, HALF_ZERO);
            check_conv(&b, 2, &c, TINY, (kind)of, TINY);
            check_conv(&b, 2, &c, NORMAL, WILD, (kind)of);
        }
    }
}

/* The fused path against conv, relu and pool one after the other. */
static void general_naive(const bench *b, int what, size_t rows, const tw__conv_general *c, const void *x,
                          const void *w, const void *bias, const void *dy, void *to)
{
    if (b->real == sizeof(float)) conv_general_f32(what, rows, c, x, w, bias, dy, to);
    else conv_general_f64(what, rows, c, x, w, bias, dy, to);
}

static void check_general(bench *b, size_t rows, const tw__conv_general *c)
{
    const size_t n_x = rows * c->in_h * c->in_w * c->in_c,
                 n_w = c->k_h * c->k_w * (c->in_c / c->groups) * c->out_c,
                 n_y = rows * c->out_h * c->out_w * c->out_c;
    void *x = numbers(b, n_x, NORMAL), *w = numbers(b, n_w, NORMAL), *bias = numbers(b, c->out_c, NORMAL),
         *dy = numbers(b, n_y, NORMAL);
    void *y = numbers(b, n_y, NORMAL), *dw = numbers(b, n_w, NORMAL), *dx = numbers(b, n_x, NORMAL);
    char what[120];
    general_naive(b, 0, rows, c, x, w, bias, dy, y);
    general_naive(b, 1, rows, c, x, w, bias, dy, dw);
    general_naive(b, 2, rows, c, x, w, bias, dy, dx);
    for (size_t l = 0; l < b->levels; l++) {
        const tw__conv_general_kernels *k = &b->fast[l]->conv_general;
        void *got = numbers(b, n_x + n_y + n_w + c->out_c, NORMAL), *db = numbers(b, c->out_c, NORMAL),
             *scratch = numbers(b, k->scratch(c), WILD);
        snprintf(what, sizeof what,
                 "general conv %zux%zux%zu, %zux%zu -> %zu, stride %zu, dilation %zu, groups %zu", c->in_h,
                 c->in_w, c->in_c, c->k_h, c->k_w, c->out_c, c->stride, c->dilation, c->groups);
        k->forward(rows, c, x, w, bias, got, scratch);
        same(b, l, what, n_y, y, got);
        k->input(rows, c, dy, w, got, scratch);
        same(b, l, what, n_x, dx, got);
        k->weights(rows, c, x, dy, TW__START, got, db, scratch);
        same(b, l, what, n_w, dw, got);
        for (size_t i = 0; i < n_w; i++) set(b, got, i, 0);
        for (size_t i = 0; i < c->out_c; i++) set(b, db, i, 0);
        k->weights(rows, c, x, dy, TW__ADD, got, db, scratch);
        same(b, l, what, n_w, dw, got);
        k->weights(rows / 2, c, x, dy, TW__START, got, db, scratch);
        k->weights(rows - rows / 2, c, (char *)x + rows / 2 * (n_x / rows) * b->real,
                   (char *)dy + rows / 2 * (n_y / rows) * b->real, TW__CONTINUE, got, db, scratch);
        same(b, l, what, n_w, dw, got);
        free(got), free(db), free(scratch);
    }
    free(x), free(w), free(bias), free(dy), free(y), free(dw), free(dx);
}

static void test_conv_general(void **state)
{
    static const tw__conv_general shapes[] = {
        {7, 6, 4, 3, 3, 4, 3, 6, 2, 1, 1, 1, 1},  {7, 6, 4, 3, 2, 3, 4, 6, 1, 2, 2, 0, 0},
        {5, 5, 6, 1, 1, 3, 3, 6, 2, 1, 6, 0, 0},  {1, 9, 3, 1, 4, 1, 4, 33, 2, 1, 1, 0, 1},
        {6, 6, 8, 3, 3, 2, 2, 40, 3, 2, 4, 1, 2},
    };
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++) {
        bench b;
        bench_of(&b, (tw_type)type);
        for (size_t i = 0; i < COUNT(shapes); i++) check_general(&b, 4, &shapes[i]);
    }
}

static void relu_naive(const bench *b, size_t n, void *y)
{
    if (b->real == sizeof(float)) relu_forward_f32(n, y, y);
    else relu_forward_f64(n, y, y);
}
static void relu_naive_input(const bench *b, size_t n, const void *y, void *d)
{
    if (b->real == sizeof(float)) relu_input_f32(n, y, d, d);
    else relu_input_f64(n, y, d, d);
}

static void check_fused(bench *b, size_t rows, const tw__conv *c, kind of_x, kind of_w, kind of_dy)
{
    tw__pooling p = {c->out_h, c->out_w, c->out_c, 2, 2, c->out_h / 2, c->out_w / 2};
    size_t n_x = rows * c->in_h * c->in_w * c->in_c, n_w = c->k_h * c->k_w * c->in_c * c->out_c,
           n_y = rows * c->out_h * c->out_w * c->out_c;
    size_t n_p = rows * p.out_h * p.out_w * p.c;
    void *x = numbers(b, n_x, of_x), *w = numbers(b, n_w, of_w), *bias = numbers(b, c->out_c, of_w),
         *dy = numbers(b, n_p, of_dy);
    void *y = numbers(b, n_y, NORMAL), *pooled = numbers(b, n_p, NORMAL), *d = numbers(b, n_y, NORMAL);
    void *start = numbers(b, n_w + c->out_c, NORMAL);
    uint8_t *which = malloc(n_p + 1);
    const tw__kernels *naive = b->naive;
    char what[120];
    naive->conv.forward(rows, c, x, w, bias, y), relu_naive(b, n_y, y),
        naive->pool.forward(rows, &p, y, pooled, which);
    naive->pool.input(rows, &p, dy, which, d), relu_naive_input(b, n_y, y, d);
    void *dx = numbers(b, n_x, NORMAL);
    naive->conv.input(rows, c, d, w, dx, NULL);
    const size_t n_dx = without_zeros(b, rows, c, dx);
    for (size_t l = 0; l < b->levels; l++) {
        const tw__kernels *k = b->fast[l];
        void *got = numbers(b, n_p, NORMAL), *bits = malloc(rows * k->conv_pool.bits(c, &p) + 1);
        void *scratch = numbers(b, k->conv_pool.scratch(c), WILD);
        snprintf(what, sizeof what, "fused %zu rows of %zux%zux%zu, %zux%zu -> %zu, kinds %d %d %d", rows,
                 c->in_h, c->in_w, c->in_c, c->k_h, c->k_w, c->out_c, (int)of_x, (int)of_w, (int)of_dy);
        k->conv_pool.forward(rows, c, &p, x, w, bias, NULL, got, NULL);
        same(b, l, what, n_p, pooled, got);
        k->conv_pool.forward(rows, c, &p, x, w, bias, NULL, got, bits);
        same(b, l, what, n_p, pooled, got);
        for (int into = TW__START; into <= TW__ADD; into++) {
            void *want = copy(start, (n_w + c->out_c) * b->real),
                 *fast = copy(start, (n_w + c->out_c) * b->real);
            naive->conv.weights(rows, c, x, d, (tw__into)into, (char *)want + c->out_c * b->real, want);
            k->conv_pool.weights(rows, c, &p, x, dy, bits, (tw__into)into, (char *)fast + c->out_c * b->real,
                                 fast, scratch);
            same(b, l, what, n_w + c->out_c, want, fast);
            free(want), free(fast);
        }
        void *packed = numbers(b, k->conv.packed(c), NORMAL), *fdx = numbers(b, n_x, NORMAL);
        k->conv.pack(c, w, packed);
        k->conv_pool.input(rows, c, &p, dy, bits, packed, fdx, scratch);
        same(b, l, what, n_dx, dx, fdx);
        free(got), free(bits), free(scratch), free(packed), free(fdx);
    }
    free(x), free(w), free(bias), free(dy), free(y), free(pooled), free(d), free(start), free(which),
        free(dx);
}

static void test_fused(void **state)
{
    static const size_t k[][2] = {{1, 1}, {3, 3}, {5, 5}, {2, 3}}, in_c[] = {1, 3, 6},
                        out_c[] = {1, 6, 16, 32, 33};
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++) {
        bench b;
        bench_of(&b, (tw_type)type);
        for (size_t i = 0; i < COUNT(k) * COUNT(in_c) * COUNT(out_c); i++) {
            const size_t *size = k[i / COUNT(out_c) / COUNT(in_c)];
            tw__conv c = conv_of(6 + i % 3, 8 + i % 2 + i % 5 * 4, in_c[i / COUNT(out_c) % COUNT(in_c)],
                                 size[0], size[1], out_c[i % COUNT(out_c)]);
            c = with_zeros(c, i % 5 * (i % 2));
            kind of = i % 3 ? NORMAL : HALF_ZERO; /* windows with ties, at 0 and -0 too */
            check_fused(&b, 1 + i % 2, &c, of, of, HALF_ZERO);
        }
        for (size_t i = 0; i < 64; i++) {
            tw__conv c = conv_of(6, 7, 2, 3, 3, 37);
            check_fused(&b, 2, &c, (kind)(i / 16), (kind)(i / 4 % 4), (kind)(i % 4));
        }
    }
}

static void check_pool(bench *b, size_t rows, const tw__pooling *p, kind of)
{
    size_t n_x = rows * p->in_h * p->in_w * p->c, n_y = rows * p->out_h * p->out_w * p->c;
    void *x = numbers(b, n_x, of), *dy = numbers(b, n_y, NORMAL), *y = numbers(b, n_y, NORMAL),
         *dx = numbers(b, n_x, NORMAL);
    uint8_t *which = malloc(n_y + 1), *fast_which = malloc(n_y + 1);
    b->naive->pool.forward(rows, p, x, y, which);
    b->naive->pool.input(rows, p, dy, which, dx);
    for (size_t l = 0; l < b->levels; l++) {
        void *fy = numbers(b, n_y, NORMAL), *fdx = numbers(b, n_x, NORMAL);
        b->fast[l]->pool.forward(rows, p, x, fy, NULL);
        same(b, l, "pool_forward without winners", n_y, y, fy);
        b->fast[l]->pool.forward(rows, p, x, fy, fast_which);
        same(b, l, "pool_forward", n_y, y, fy);
        assert_memory_equal(which, fast_which, n_y);
        b->fast[l]->pool.input(rows, p, dy, which, fdx);
        same(b, l, "pool_input", n_x, dx, fdx);
        free(fy), free(fdx);
    }
    free(x), free(dy), free(y), free(dx), free(which), free(fast_which);
}

static void test_pool(void **state)
{
    static const size_t k[][2] = {{1, 1}, {2, 2}, {3, 3}, {2, 3}}, channels[] = {1, 3, 16, 32, 37};
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++) {
        bench b;
        bench_of(&b, (tw_type)type);
        for (size_t i = 0; i < COUNT(k) * COUNT(channels) * 8; i++) {
            const size_t *size = k[i / COUNT(channels) % COUNT(k)];
            tw__pooling p = {.in_h = 6 + i % 3,
                             .in_w = 6 + i % 2,
                             .c = channels[i % COUNT(channels)],
                             .k_h = size[0],
                             .k_w = size[1]};
            p.out_h = p.in_h / p.k_h;
            p.out_w = p.in_w / p.k_w;
            check_pool(&b, 1 + i % 3, &p, (kind)(i % 4));
        }
    }
}

static void check_plain(bench *b, size_t n, kind of)
{
    void *x = numbers(b, n, of), *z = numbers(b, n, of), *want = numbers(b, n, NORMAL);
    float *f = malloc(n * sizeof *f + 1);
    uint8_t *u = malloc(n + 1);
    for (size_t i = 0; i < n; i++) {
        f[i] = (float)get(b, x, i);
        u[i] = (uint8_t)(i * 37);
    }
    for (size_t l = 0; l < b->levels; l++) {
        const tw__kernels *k = b->fast[l], *naive = b->naive;
        void *got = copy(x, n * b->real);
        naive->dropout(n, 5, 6, 7, 8, UINT32_MAX / 4, 1.25, x, want), memcpy(got, x, n * b->real);
        k->dropout(n, 5, 6, 7, 8, UINT32_MAX / 4, 1.25, got, got);
        same(b, l, "dropout", n, want, got);
        memcpy(want, x, n * b->real), naive->add(n, want, z), memcpy(got, x, n * b->real), k->add(n, got, z);
        same(b, l, "add", n, want, got);
        naive->divide(n, want, 3.1), k->divide(n, got, 3.1);
        same(b, l, "divide", n, want, got);
        naive->fetch_f32(n, f, want), k->fetch_f32(n, f, got);
        same(b, l, "fetch_f32", n, want, got);
        naive->fetch_u8(n, u, want), k->fetch_u8(n, u, got);
        same(b, l, "fetch_u8", n, want, got);
        free(got);
    }
    free(x), free(z), free(want), free(f), free(u);
}

static void test_plain(void **state)
{
    static const size_t sizes[] = {0, 1, 3, 8, 15, 16, 17, 33, 64, 257, 1000};
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++) {
        bench b;
        bench_of(&b, (tw_type)type);
        for (size_t i = 0; i < COUNT(sizes) * 4; i++) check_plain(&b, sizes[i / 4], (kind)(i % 4));
    }
}

static void check_softmax(bench *b, size_t rows, size_t n, kind of)
{
    void *x = numbers(b, rows * n, of), *want = numbers(b, rows * n, NORMAL);
    int32_t *label = malloc(rows * sizeof *label);
    for (size_t r = 0; r < rows; r++) label[r] = (int32_t)(r * 7 % n);
    for (size_t i = 0; i < rows * n; i++) /* spread out and with equal largest logits */
        set(b, x, i, floor(get(b, x, i) * 8) * (i % 5 ? 1 : 13));
    for (size_t l = 0; l < b->levels; l++) {
        void *got = copy(x, rows * n * b->real);
        b->naive->classes.softmax(rows, n, x, want), b->fast[l]->classes.softmax(rows, n, got, got);
        same(b, l, "softmax", rows * n, want, got);
        for (int with = 0; with < 2; with++) {
            double loss[2] = {1, 1}, correct[2] = {1, 1};
            memcpy(got, x, rows * n * b->real);
            b->naive->classes.softmax_loss(rows, n, x, label, &loss[0], &correct[0], with ? want : NULL);
            b->fast[l]->classes.softmax_loss(rows, n, got, label, &loss[1], &correct[1], with ? got : NULL);
            if (with) same(b, l, "softmax_loss", rows * n, want, got);
            assert_true(!memcmp(&loss[0], &loss[1], sizeof loss[0]) || (isnan(loss[0]) && isnan(loss[1])));
            assert_true(correct[0] == correct[1]);
        }
        free(got);
    }
    free(x), free(want), free(label);
}

static void check_sigmoid(bench *b, size_t rows, kind of)
{
    void *x = numbers(b, rows, of), *want = numbers(b, rows, NORMAL);
    int32_t *label = malloc(rows * sizeof *label);
    for (size_t r = 0; r < rows; r++) {
        label[r] = r % 3 == 0;
        set(b, x, r, get(b, x, r) * (r % 5 ? 1 : 130));
    }
    for (size_t l = 0; l < b->levels; l++)
        for (int with = 0; with < 2; with++) {
            double loss[2] = {1, 1}, correct[2] = {1, 1};
            void *got = copy(x, rows * b->real);
            b->naive->classes.sigmoid_loss(rows, x, label, &loss[0], &correct[0], with ? want : NULL);
            b->fast[l]->classes.sigmoid_loss(rows, got, label, &loss[1], &correct[1], with ? got : NULL);
            same(b, l, "sigmoid_loss", rows, with ? want : x, got);
            assert_true(!memcmp(&loss[0], &loss[1], sizeof loss[0]) || (isnan(loss[0]) && isnan(loss[1])));
            assert_true(correct[0] == correct[1]);
            free(got);
        }
    free(x), free(want), free(label);
}

static void test_softmax(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 10, 16, 17, 100};
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++) {
        bench b;
        bench_of(&b, (tw_type)type);
        for (size_t i = 0; i < COUNT(sizes) * 4; i++)
            check_softmax(&b, 1 + i % 13, sizes[i / 4], (kind)(i % 4));
        for (size_t rows = 1; rows < 18; rows++)
            for (int of = NORMAL; of <= WILD; of++) check_sigmoid(&b, rows, (kind)of);
    }
}

/* The figures of one softmax by hand: the definition itself must be right, not only equal. */
static void test_softmax_figures(void **state)
{
    float x[6] = {0, 0, 0, 100, -100, 0}, dx[6];
    int32_t label[2] = {1, 1};
    double loss = 0, correct = 0;
    (void)state;
    tw__kernels_for(TW_F32, TW_ISA_BASE)->classes.softmax_loss(2, 3, x, label, &loss, &correct, dx);
    assert_true(fabs(loss - (log(3) + 200)) < 1e-6); /* of an e^-200 that float cannot hold */
    assert_true(correct == 0);
    assert_true(dx[0] == 1.0f / 3 && dx[1] == 1.0f / 3 - 1 && dx[3] == 1 && dx[4] == -1);
}

/* The sums of batch normalisation, in and beside blocks of columns. */
static void check_columns(bench *b, size_t lines, size_t n)
{
    void *x = numbers(b, lines * n, NORMAL), *dy = numbers(b, lines * n, NORMAL),
         *mean = numbers(b, n, NORMAL), *scale = numbers(b, n, NORMAL);
    double start[2][128], want[2][128], got[2][128];
    for (size_t i = 0; i < 2 * 128; i++) start[i / 128][i % 128] = (double)i / 3;
    memcpy(want, start, sizeof want);
    b->naive->norm.columns_sums(lines, n, x, want[0]);
    b->naive->norm.columns_slopes(lines, n, x, mean, scale, dy, want[1]);
    for (size_t l = 0; l < b->levels; l++) {
        memcpy(got, start, sizeof got);
        b->fast[l]->norm.columns_sums(lines, n, x, got[0]);
        b->fast[l]->norm.columns_slopes(lines, n, x, mean, scale, dy, got[1]);
        for (size_t i = 0; i < 2 * 128; i++)
            if (want[i / 128][i % 128] != got[i / 128][i % 128])
                fail_msg("%zu lines of %zu columns, %s: sum %zu is %a, not %a", lines, n, b->isa[l], i,
                         got[i / 128][i % 128], want[i / 128][i % 128]);
    }
    free(x), free(dy), free(mean), free(scale);
}

static void test_columns(void **state)
{
    static const size_t n[] = {1, 4, 7, 16, 19, 33, 64};
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++) {
        bench b;
        bench_of(&b, (tw_type)type);
        for (size_t i = 0; i < COUNT(n); i++) check_columns(&b, 1 + 12 * (i % 2), n[i]);
    }
}

/* The same of sigmoid: far out the loss is the logit, and what is left of the gradient is small, not 0. */
static void test_sigmoid_figures(void **state)
{
    const double x[] = {0, 0, 40, -40, 800, -800, log(3), -log(3)};
    const int32_t label[] = {0, 1, 1, 1, 0, 1, 1, 0};
    const double losses[] = {log(2), log(2), exp(-40), 40, 800, 800, log(4.0 / 3), log(4.0 / 3)};
    const double gradients[] = {0.5, -0.5, -exp(-40), -1, 1, -1, -0.25, 0.25};
    const tw__kernels *k = tw__kernels_for(TW_F64, TW_ISA_BASE);
    (void)state;
    for (size_t i = 0; i < COUNT(x); i++) {
        double loss = 0, correct = 0, dx;
        k->classes.sigmoid_loss(1, x + i, label + i, &loss, &correct, &dx);
        assert_true(fabs(loss - losses[i]) <= 1e-15 * losses[i] &&
                    fabs(dx - gradients[i]) <= 1e-15 * fabs(gradients[i]));
        assert_true(correct == (label[i] ? x[i] > 0 : !(x[i] > 0)));
    }
    const float near = 1e-9f; /* so near that y is 0.5: class 0, as Keras has it */
    const int32_t one = 1;
    double loss = 0, correct = 0;
    tw__kernels_for(TW_F32, TW_ISA_BASE)->classes.sigmoid_loss(1, &near, &one, &loss, &correct, NULL);
    assert_true(correct == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_conv),
        cmocka_unit_test(test_conv_general),
        cmocka_unit_test(test_fused),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_softmax_figures),
        cmocka_unit_test(test_sigmoid_figures),
    };
    const struct CMUnitTest flushed[] = {cmocka_unit_test(test_conv), cmocka_unit_test(test_fused)};
    int failed = cmocka_run_group_tests_name("as the caller computes", tests, NULL, NULL);
    tw__fp_mode was = tw__fp_enter();
    failed += cmocka_run_group_tests_name("with flush to zero, as we compute", flushed, NULL, NULL);
    tw__fp_leave(was);
    return failed;
}
