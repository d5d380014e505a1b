/* Normalisation by constants, alone and between convolution and pooling, equals its scalar definition bit for
 * bit, as other kernels do (test_kernels.c).
 * SPDX-License-Identifier: MIT */
#include "kernels_bench.h"

/* Constants of n columns. */
static tw__normalised constants(bench *b, size_t n, int relu)
{
    return (tw__normalised){numbers(b, n, NORMAL), numbers(b, n, NORMAL), numbers(b, n, NORMAL),
                            numbers(b, n, NORMAL), relu};
}

static void free_constants(tw__normalised *by)
{
    free((void *)by->mean), free((void *)by->scale), free((void *)by->gain), free((void *)by->shift);
}

static void test_columns(void **state)
{
    static const size_t lines[] = {1, 3, 8}, n[] = {1, 5, 8, 16, 17, 32, 70};
    bench b;
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++) {
        bench_of(&b, (tw_type)type);
        for (size_t i = 0; i < COUNT(lines) * COUNT(n) * 2; i++) {
            const size_t high = lines[i / 2 % COUNT(lines)], wide = n[i / 2 / COUNT(lines)],
                         all = high * wide;
            void *x = numbers(&b, all, WILD), *want = numbers(&b, all, NORMAL),
                 *got = numbers(&b, all, NORMAL);
            tw__normalised by = constants(&b, wide, i % 2 == 1);
            b.naive->norm.columns_forward(high, wide, x, &by, want);
            for (size_t l = 0; l < b.levels; l++) {
                b.fast[l]->norm.columns_forward(high, wide, x, &by, got);
                same(&b, l, "columns", all, want, got);
            }
            free_constants(&by);
            free(x), free(want), free(got);
        }
    }
}

/* Convolution, normalisation, relu and pooling in one go. */
static void check_normalised(bench *b, size_t rows, const tw__conv *c, kind of_x)
{
    const tw__pooling p = {c->out_h, c->out_w, c->out_c, 2, 2, c->out_h / 2, c->out_w / 2};
    const size_t n_x = rows * c->in_h * c->in_w * c->in_c, places = rows * c->out_h * c->out_w,
                 n_p = rows * p.out_h * p.out_w * p.c;
    void *x = numbers(b, n_x, of_x), *w = numbers(b, c->k_h * c->k_w * c->in_c * c->out_c, NORMAL),
         *bias = numbers(b, c->out_c, NORMAL), *y = numbers(b, places * c->out_c, NORMAL),
         *want = numbers(b, n_p, NORMAL), *got = numbers(b, n_p, NORMAL);
    uint8_t *which = malloc(n_p + 1);
    tw__normalised by = constants(b, c->out_c, 1);
    b->naive->conv.forward(rows, c, x, w, bias, y);
    b->naive->norm.columns_forward(places, c->out_c, y, &by, y);
    b->naive->pool.forward(rows, &p, y, want, which);
    for (size_t l = 0; l < b->levels; l++) {
        char what[80];
        snprintf(what, sizeof what, "normalised %zux%zux%zu, %zux%zu -> %zu", c->in_h, c->in_w, c->in_c,
                 c->k_h, c->k_w, c->out_c);
        b->fast[l]->conv_pool.forward(rows, c, &p, x, w, bias, &by, got, NULL);
        same(b, l, what, n_p, want, got);
    }
    free_constants(&by);
    free(x), free(w), free(bias), free(y), free(want), free(got), free(which);
}

static void test_pooled(void **state)
{
    static const size_t k[] = {1, 3, 5}, in_c[] = {1, 3}, out_c[] = {1, 6, 16, 32, 33};
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++) {
        bench b;
        bench_of(&b, (tw_type)type);
        for (size_t i = 0; i < COUNT(k) * COUNT(in_c) * COUNT(out_c); i++) {
            const size_t side = k[i / COUNT(out_c) / COUNT(in_c)];
            tw__conv c = {.in_h = 6 + i % 3,
                          .in_w = 8 + i % 2 + i % 5 * 4,
                          .in_c = in_c[i / COUNT(out_c) % COUNT(in_c)],
                          .k_h = side,
                          .k_w = side,
                          .out_c = out_c[i % COUNT(out_c)]};
            c.out_h = c.in_h - side + 1;
            c.out_w = c.in_w - side + 1;
            check_normalised(&b, 1 + i % 2, &c, i % 3 ? NORMAL : WILD);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_columns), cmocka_unit_test(test_pooled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
