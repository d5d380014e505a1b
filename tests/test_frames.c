/* Dense kernels on rows in frames: the bits of one frame after the other (which test_kernels.c compares with
 * the definition), of the batch tree over leaves where each frame is one, and of weights that were turned.
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
    size_t rows, in, out, step;
    char *frames, *w, *packed, *bias;
    const char *stored; /* NULL, or what stands for the gradient of the first frame */
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

static size_t frames_of(const subject *s) { return (s->rows + FRAME - 1) / FRAME; }

static char *at(const subject *s, size_t frame, size_t number)
{
    return s->frames + (frame * s->step + number) * s->k->real;
}

static char *x_of(const subject *s, size_t frame) { return at(s, frame, 0); }
static char *dy_of(const subject *s, size_t frame) { return at(s, frame, FRAME * s->in); }
static char *y_of(const subject *s, size_t frame) { return at(s, frame, FRAME * (s->in + s->out)); }
static char *dx_of(const subject *s, size_t frame) { return at(s, frame, FRAME * (s->in + 2 * s->out)); }

static tw__rows rows_of_frame(const subject *s, size_t frame)
{
    const size_t left = s->rows - frame * FRAME;
    return tw__rows_together(left < FRAME ? left : FRAME);
}

static void check_rows(const subject *s)
{
    const tw__dense_kernels *const d = &s->k->dense;
    const tw__rows all = {s->rows, FRAME, s->step};
    char *const turned = noise(s->k, s->in * s->out), *const zeros = calloc(s->in, s->k->real);
    d->turn(s->in, s->out, s->w, turned);
    d->forward(all, s->in, s->out, x_of(s, 0), s->w, s->packed, s->bias, y_of(s, 0));
    d->input(all, s->in, s->out, dy_of(s, 0), s->w, dx_of(s, 0));
    for (size_t f = 0; f < frames_of(s); f++) {
        const tw__rows rows = rows_of_frame(s, f);
        char *const y = noise(s->k, FRAME * s->out), *const dx = noise(s->k, FRAME * s->in);
        d->forward(rows, s->in, s->out, x_of(s, f), s->w, s->packed, s->bias, y);
        d->input(rows, s->in, s->out, dy_of(s, f), s->w, dx);
        assert_memory_equal(y, y_of(s, f), rows.n * s->out * s->k->real);
        assert_memory_equal(dx, dx_of(s, f), rows.n * s->in * s->k->real);
        d->forward(rows, s->out, s->in, dy_of(s, f), turned, turned, zeros, dx);
        assert_memory_equal(dx, dx_of(s, f), rows.n * s->in * s->k->real);
        free(y), free(dx);
    }
    free(turned), free(zeros);
}

/* The gradient of frames first .. first + n - 1: weights, then biases. */
static char *tree_of(const subject *s, size_t first, size_t n)
{
    const size_t weights = s->in * s->out;
    if (n == 1) {
        char *const g = noise(s->k, weights + s->out);
        if (first == 0 && s->stored) return memcpy(g, s->stored, (weights + s->out) * s->k->real);
        s->k->dense.weights(rows_of_frame(s, first), s->in, s->out, x_of(s, first), dy_of(s, first),
                            TW__START, g, g + weights * s->k->real);
        return g;
    }
    size_t half = 1;
    while (2 * half < n) half *= 2;
    char *const left = tree_of(s, first, half), *const right = tree_of(s, first + half, n - half);
    s->k->add(weights + s->out, left, right);
    free(right);
    return left;
}

static void check_weights(const subject *s)
{
    static const tw__into ways[] = {TW__START, TW__TREE, TW__TREE_REST};
    const tw__rows all = {s->rows, FRAME, s->step};
    const size_t weights = s->in * s->out, bytes = (weights + s->out) * s->k->real;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (ways[i] != TW__START && s->out < 16) continue;
        char *const got = noise(s->k, weights + s->out), *const before = noise(s->k, weights + s->out), *want;
        subject as = *s;
        memcpy(before, got, bytes);
        if (ways[i] == TW__TREE_REST) as.stored = before;
        s->k->dense.weights(all, s->in, s->out, x_of(s, 0), dy_of(s, 0), ways[i], got,
                            got + weights * s->k->real);
        if (ways[i] != TW__START) want = tree_of(&as, 0, frames_of(s));
        else {
            want = noise(s->k, weights + s->out);
            for (size_t f = 0; f < frames_of(s); f++)
                s->k->dense.weights(rows_of_frame(s, f), s->in, s->out, x_of(s, f), dy_of(s, f),
                                    f ? TW__CONTINUE : TW__START, want, want + weights * s->k->real);
        }
        assert_memory_equal(want, got, bytes);
        free(want), free(got), free(before);
    }
}

static void check(const tw__kernels *k, size_t rows, size_t in, size_t out)
{
    subject s = {.k = k, .rows = rows, .in = in, .out = out, .step = 2 * FRAME * (in + out) + GAP};
    s.frames = noise(k, frames_of(&s) * s.step);
    s.w = noise(k, in * out);
    s.packed = noise(k, k->dense.packed(in, out) + 1);
    s.bias = noise(k, out);
    k->dense.pack(in, out, TW__WHOLE, s.w, s.packed);
    check_rows(&s);
    check_weights(&s);
    free(s.frames), free(s.w), free(s.packed), free(s.bias);
}

static void test_frames(void **state)
{
    static const size_t rows[] = {1, 8, 9, 16, 20, 40, 55, 63, 128}, sizes[] = {5, 16, 37, 150};
    (void)state;
    for (int type = TW_F32; type <= TW_F64; type++)
        for (int isa = TW_ISA_BASE; isa <= (int)tw_isa_of_cpu(); isa++)
            for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                for (size_t j = 0; j < 16; j++)
                    check(tw__kernels_for((tw_type)type, (tw_isa)isa), rows[i], sizes[j / 4], sizes[j % 4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_frames)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
