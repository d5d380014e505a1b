/* The shapes in which an optimiser's step is measured: one long vector, the many tensors of ResNet-50, a
 * small network that fits the cache.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include <stdio.h>
#include <string.h>

/* Of a tensor the lengths that are not 0. */
static void add(struct bench_shape *s, size_t most, int64_t a, int64_t b, int64_t c, int64_t d)
{
    if (most && s->n >= most) return;
    const size_t i = s->n_tensors++;
    const int64_t lengths[4] = {a, b, c, d};
    int rank = 0;
    size_t n = 1;
    for (; rank < 4 && lengths[rank]; rank++) n *= (size_t)lengths[rank];
    memcpy(s->lengths[i], lengths, sizeof lengths);
    if (most && s->n + n > most) {
        n = most - s->n;
        s->lengths[i][0] = (int64_t)n;
        rank = 1;
    }
    snprintf(s->names[i], sizeof s->names[i], "w%u", (unsigned)i);
    s->tensors[i] = (tw_tensor){s->names[i], rank, s->lengths[i], s->n, 0};
    s->n += n;
}

static void flat(struct bench_shape *s, size_t most)
{
    add(s, most, most ? (int64_t)most : 25000000, 0, 0, 0);
}

static void add_normed(struct bench_shape *s, size_t most, int64_t out, int64_t in, int64_t size)
{
    add(s, most, out, in, size, size);
    /* scale and shift of the normalisation behind it */
    add(s, most, out, 0, 0, 0);
    add(s, most, out, 0, 0, 0);
}

static void resnet50(struct bench_shape *s, size_t most)
{
    static const struct {
        int64_t width;
        int blocks;
    } stages[] = {{64, 3}, {128, 4}, {256, 6}, {512, 3}};
    int64_t in = 64;
    add_normed(s, most, 64, 3, 7);
    for (int k = 0; k < 4; k++) {
        const int64_t width = stages[k].width;
        for (int block = 0; block < stages[k].blocks; block++) {
            add_normed(s, most, width, in, 1);
            add_normed(s, most, width, width, 3);
            add_normed(s, most, 4 * width, width, 1);
            if (block == 0) add_normed(s, most, 4 * width, in, 1);
            in = 4 * width;
        }
    }
    add(s, most, 1000, 2048, 0, 0);
    add(s, most, 1000, 0, 0, 0);
}

static void cnn(struct bench_shape *s, size_t most)
{
    add(s, most, 32, 1, 3, 3);
    add(s, most, 32, 0, 0, 0);
    add(s, most, 10, 5408, 0, 0);
    add(s, most, 10, 0, 0, 0);
}

static const struct {
    const char *name, *layout;
    void (*make)(struct bench_shape *, size_t);
} shapes[] = {
    {"flat", "flat25M", flat},
    {"resnet50", "resnet50", resnet50},
    {"cnn", "cnn54k", cnn},
};

const char *bench_shape_name(size_t i, const void *unused)
{
    (void)unused;
    return i < sizeof shapes / sizeof shapes[0] ? shapes[i].name : NULL;
}

void bench_shape_make(struct bench_shape *s, size_t i, size_t most)
{
    memset(s, 0, sizeof *s);
    s->name = shapes[i].name;
    shapes[i].make(s, most);
    if (most) snprintf(s->layout, sizeof s->layout, "%s%zu", s->name, s->n);
    else snprintf(s->layout, sizeof s->layout, "%s", shapes[i].layout);
}
