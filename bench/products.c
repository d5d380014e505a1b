/* The products behind dense layers, in turn with OpenBLAS's, one thread, CPU time: GFLOP/s of both, and
 * ours by theirs. Ours add in one order, whatever the number of rows and the instruction set.
 *
 *     cc -O2 -D_GNU_SOURCE -Isrc -Iinclude -Ibuild/generated bench/products.c \
 *         -o products build/libthalweg-train.a build/libthalweg.a -lopenblas -lm -lpthread
 *     OPENBLAS_NUM_THREADS=1 ./products [PAIRS]
 *
 * SPDX-License-Identifier: MIT */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <thalweg/context.h>
#include <time.h>
#include "math/kernels.h"

enum kind { FORWARD, INPUT, WEIGHTS, KINDS };
static const char *const names[KINDS] = {"forward", "gradient of the input", "gradient of the weights"};

enum { LEAF = 8, MOST_ROWS = 128 };
static const struct product {
    enum kind kind;
    size_t rows, in, out;
} products[] = {
    {FORWARD, 1, 784, 128},      {FORWARD, 32, 784, 128},    {FORWARD, 32, 5408, 10},
    {FORWARD, 128, 784, 512},    {FORWARD, 512, 512, 512},   {FORWARD, 1024, 1024, 1024},
    {FORWARD, 2048, 2048, 2048}, {INPUT, 128, 512, 512},     {INPUT, 512, 512, 512},
    {INPUT, 1024, 1024, 1024},   {WEIGHTS, 32, 784, 128},    {WEIGHTS, 128, 784, 512},
    {WEIGHTS, 128, 512, 512},    {WEIGHTS, 128, 1024, 1024},
};

/* x is [rows][in], w [in][out], y and its gradient [rows][out], as numbers of the kernels' own order. */
struct numbers {
    const tw__dense_kernels *kernels;
    float *x, *w, *packed, *y, *bias, *frames;
};

static float *make(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
    if (!x) fprintf(stderr, "products: out of memory\n"), exit(1);
    for (size_t i = 0; i < n; i++) x[i] = (float)((i * 2654435761u >> 8) % 1024) / 1024 - 0.5f;
    return x;
}

/* As a run has them: frames of a leaf's rows, x before y, and at most MOST_ROWS rows a call. */
static void ours(const struct product *p, const struct numbers *a)
{
    const tw__dense_kernels *k = a->kernels;
    const size_t leaf = p->rows < LEAF ? p->rows : LEAF, step = LEAF * (p->in + p->out);
    for (size_t first = 0; first < p->rows; first += MOST_ROWS) {
        const tw__rows rows = {p->rows - first < MOST_ROWS ? p->rows - first : MOST_ROWS, leaf, leaf, step};
        float *const x = a->frames + first / LEAF * step, *const y = x + LEAF * p->in;
        if (p->kind == FORWARD) k->forward(rows, p->in, p->out, x, a->w, a->packed, a->bias, y);
        if (p->kind == INPUT) k->input(rows, p->in, p->out, y, a->w, TW__START, x);
        if (p->kind == WEIGHTS) k->weights(rows, p->in, p->out, x, y, TW__TREE, a->w, a->bias);
    }
}

static void theirs(const struct product *p, const struct numbers *a)
{
    const int m = (int)p->rows, in = (int)p->in, out = (int)p->out;
    if (p->kind == FORWARD)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, out, in, 1, a->x, in, a->w, out, 0, a->y,
                    out);
    if (p->kind == INPUT)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, in, out, 1, a->y, out, a->w, out, 0, a->x,
                    in);
    if (p->kind == WEIGHTS)
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, in, out, m, 1, a->x, in, a->y, out, 0, a->w,
                    out);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* GFLOP/s over some 10 ms or more. */
static double rate(void (*run)(const struct product *, const struct numbers *), const struct product *p,
                   const struct numbers *a)
{
    const double flop = 2e-9 * (double)p->rows * (double)p->in * (double)p->out, start = seconds();
    double took = 0;
    size_t n = 0;
    for (; took < 0.01; took = seconds() - start, n++) run(p, a);
    return (double)n * flop / took;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    enum { MOST = 101 };
    const int given = argc > 1 ? atoi(argv[1]) : 11, pairs = given < 1 ? 1 : given > MOST ? MOST : given;
    const tw__dense_kernels *k = &tw__kernels_for(TW_F32, tw_isa_of_cpu())->dense;
    printf("%-24s %5s %5s %5s %7s %9s %6s\n", "product", "rows", "in", "out", "ours", "OpenBLAS", "ratio");
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
        const struct product *p = &products[i];
        struct numbers a = {k,
                            make(p->rows * p->in),
                            make(p->in * p->out),
                            make(k->packed(p->in, p->out) + 1),
                            make(p->rows * p->out),
                            make(p->in > p->out ? p->in : p->out),
                            make((p->rows + LEAF) * (p->in + p->out))};
        double mine[MOST], other[MOST], ratio[MOST];
        k->pack(p->in, p->out, TW__WHOLE, a.w, a.packed);
        for (int turn = -1; turn < pairs; turn++) {
            const double m = rate(ours, p, &a), o = rate(theirs, p, &a);
            if (turn >= 0) mine[turn] = m, other[turn] = o, ratio[turn] = m / o;
        }
        qsort(mine, (size_t)pairs, sizeof *mine, ascending);
        qsort(other, (size_t)pairs, sizeof *other, ascending);
        qsort(ratio, (size_t)pairs, sizeof *ratio, ascending);
        printf("%-24s %5zu %5zu %5zu %7.1f %9.1f %6.2f\n", names[p->kind], p->rows, p->in, p->out,
               mine[pairs / 2], other[pairs / 2], ratio[pairs / 2]);
        free(a.x), free(a.w), free(a.packed), free(a.y), free(a.bias), free(a.frames);
    }
    return 0;
}
