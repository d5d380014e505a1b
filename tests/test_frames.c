/* Dense kernels on rows in frames: the bits of one frame after the other (which test_kernels.c compares with
 * the definition), of the batch tree over leaves of one or several frames, and of weights that were turned.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/cpu.h"
#include "base/random.h"
#include "math/kernels.h"

enum { FRAME = 8, GAP = 5 };

/* One shape on one table of kernels. Of each frame x comes first, then dy, y and dx. */
typedef struct subject {
    const tw__kernels *k;
    size_t rows, leaf, in, out, step;
    char *frames, *w, *packed, *bias;
    const char *stored; /* NULL, or what stands for the gradient of the first leaf */
} subject;

static char *noise(const tw__kernels *k, size_t n)
{
    char *p = malloc(n * k->real);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++) {
        const double x = tw__random_unit(1, TW__FOR_TEST, n, i) - 0.5;
        if (k->real == sizeof(double)) ((double *)p)[i] = x;
        else ((float *)p)[i] = (float)x;
    }
    return p;
}

static size_t leaves_of(const subject *s) { return (s->rows + s->leaf - 1) / s->leaf; }
static size_t frames_of_leaf(const subject *s) { return (s->leaf + FRAME - 1) / FRAME; }

static char *at(const subject *s, size_t frame, size_t number)
{
    return s->frames + (frame * s->step + number) * s->k->real;
}

static char *x_of(const subject *s, size_t frame) { return at(s, frame, 0); }
static char *dy_of(const subject *s, size_t frame) { return at(s, frame, FRAME * s->in); }
static char *y_of(const subject *s, size_t frame) { return at(s, frame, FRAME * (s->in + s->out)); }
static char *dx_of(const subject *s, size_t frame) { return at(s, frame, FRAME * (s->in + 2 * s->out)); }

/* Of the frames after the last row there are none. */
static tw__rows rows_of_frame(const subject *s, size_t frame)
{
    const size_t first = frame / frames_of_leaf(s) * s->leaf, skipped = frame % frames_of_leaf(s) * FRAME,
                 left = s->rows - first < s->leaf ? s->rows - first : s->leaf;
    if (left <= skipped) return tw__rows_together(0);
    return tw__rows_together(left - skipped < FRAME ? left - skipped : FRAME);
}

static void check_rows(const subject *s)
{
    const tw__dense_kernels *const d = &s->k->dense;
    const tw__rows all = {s->rows, s->leaf, FRAME, s->step};
    char *const turned = noise(s->k, s->in * s->out), *const zeros = calloc(s->in, s->k->real);
    d->turn(s->in, s->out, s->w, turned);
    d->forward(all, s->in, s->out, x_of(s, 0), s->w, s->packed, s->bias, y_of(s, 0));
    d->input(all, s->in, s->out, dy_of(s, 0), s->w, TW__START, dx_of(s, 0));
    for (size_t f = 0; f < leaves_of(s) * frames_of_leaf(s); f++) {
        const tw__rows rows = rows_of_frame(s, f);
        if (rows.n == 0) break;
        char *const y = noise(s->k, FRAME * s->out), *const dx = noise(s->k, FRAME * s->in);
        d->forward(rows, s->in, s->out, x_of(s, f), s->w, s->packed, s->bias, y);
        d->input(rows, s->in, s->out, dy_of(s, f), s->w, TW__START, dx);
        assert_memory_equal(y, y_of(s, f), rows.n * s->out * s->k->real);
        assert_memory_equal(dx, dx_of(s, f), rows.n * s->in * s->k->real);
        d->forward(rows, s->out, s->in, dy_of(s, f), turned, turned, zeros, dx);
        assert_memory_equal(dx, dx_of(s, f), rows.n * s->in * s->k->real);
        free(y), free(dx);
    }
    free(turned), free(zeros);
}

/* The gradient of a leaf: weights, then biases. */
static char *gradient_of(const subject *s, size_t leaf)
{
    const size_t weights = s->in * s->out, first = leaf * frames_of_leaf(s);
    char *const g = noise(s->k, weights + s->out);
    if (leaf == 0 && s->stored) return memcpy(g, s->stored, (weights + s->out) * s->k->real);
    for (size_t f = first; f < first + frames_of_leaf(s); f++) {
        const tw__rows rows = rows_of_frame(s, f);
        if (rows.n)
            s->k->dense.weights(rows, s->in, s->out, x_of(s, f), dy_of(s, f),
                                f == first ? TW__START : TW__CONTINUE, g, g + weights * s->k->real);
    }
    return g;
}

/* That of leaves first .. first + n - 1. */
static char *tree_of(const subject *s, size_t first, size_t n)
{
    const size_t weights = s->in * s->out;
    if (n == 1) return gradient_of(s, first);
    size_t half = 1;
    while (2 * half < n) half *= 2;
    char *const left = tree_of(s, first, half), *const right = tree_of(s, first + half, n - half);
    s->k->add(weights + s->out, left, right);
    free(right);
    return left;
}

static void check_weights(const subject *s, tw__into into)
{
    const tw__rows all = {s->rows, s->leaf, FRAME, s->step};
    const size_t weights = s->in * s->out, bytes = (weights + s->out) * s->k->real;
    char *const got = noise(s->k, weights + s->out), *const before = noise(s->k, weights + s->out);
    subject as = *s;
    memcpy(before, got, bytes);
    if (into == TW__TREE_REST) as.stored = before;
    s->k->dense.weights(all, s->in, s->out, x_of(s, 0), dy_of(s, 0), into, got, got + weights * s->k->real);
    char *const want = tree_of(&as, 0, leaves_of(s));
    assert_memory_equal(want, got, bytes);
    free(want), free(got), free(before);
}

static void check(const tw__kernels *k, size_t rows, size_t leaf, size_t in, size_t out)
{
    subject s =
        {.k = k, .rows = rows, .leaf = leaf, .in = in, .out = out, .step = 2 * FRAME * (in + out) + GAP};
    s.frames = noise(k, leaves_of(&s) * frames_of_leaf(&s) * s.step);
    s.w = noise(k, in * out);
    s.packed = noise(k, k->dense.packed(in, out) + 1);
    s.bias = noise(k, out);
    k->dense.pack(in, out, TW__WHOLE, s.w, s.packed);
    check_rows(&s);
    if (rows <= leaf) check_weights(&s, TW__START);
    else if (out >= 16) check_weights(&s, TW__TREE), check_weights(&s, TW__TREE_REST);
    free(s.frames), free(s.w), free(s.packed), free(s.bias);
}

static void test_frames(void **state)
{
    static const struct {
        size_t rows, leaf;
    } cuts[] = {{1, 8},   {9, 9},    {16, 16}, {55, 55},  {128, 128}, {9, 8},   {20, 8},
                {40, 8},  {63, 8},   {128, 8}, {20, 17},  {36, 9},    {45, 15}, {64, 16},
                {47, 16}, {120, 15}, {81, 24}, {128, 64}, {67, 64}};
    static const size_t sizes[] = {5, 16, 37, 150};
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++)
        for (int isa = TW_ISA_BASE; isa <= (int)tw_isa_of_cpu(); isa++)
            for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
                for (size_t j = 0; j < 16; j++)
                    check(tw__kernels_for((tw_type)type, (tw_isa)isa), cuts[i].rows, cuts[i].leaf,
                          sizes[j / 4], sizes[j % 4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_frames)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
