/* A step by ranges, in two threads of the program's own.  Clipping by the norm of all gradients looks at more
 * than each weight by itself, so the step begins with a pass that measures.  The weights are, to the bit,
 * those of tw_step_f32.
 *
 *     cc -O2 ranges.c -o ranges $(pkg-config --cflags --libs thalweg) -pthread
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/optimizer.h>

enum { N = 100000, MIDDLE = 12 * TW_CHUNK /* ranges meet at multiples of a chunk */, STEPS = 50 };

struct half {
    tw_optimizer *opt;
    size_t lo, hi;
    float *w;
    const float *g;
    int measures;
    tw_status status;
    tw_error err;
};

static void *work(void *arg)
{
    struct half *h = arg;
    if (h->measures) h->status = tw_step_measure_f32(h->opt, h->lo, h->hi, h->w, h->g, &h->err);
    else h->status = tw_step_range_f32(h->opt, h->lo, h->hi, h->w, h->g, &h->err);
    return NULL;
}

/* One half here, the other in a second thread; the first error of the two. */
static tw_status both(struct half *half, int measures, tw_error *err)
{
    pthread_t other;
    half[0].measures = half[1].measures = measures;
    const int started = pthread_create(&other, NULL, work, &half[1]) == 0;
    work(&half[0]);
    if (started) pthread_join(other, NULL);
    else work(&half[1]);
    for (int i = 1; i >= 0; i--)
        if (half[i].status != TW_OK) *err = half[i].err;
    return half[0].status != TW_OK ? half[0].status : half[1].status;
}

static tw_status step(tw_optimizer *opt, float *w, const float *g, tw_error *err)
{
    struct half half[] = {{.opt = opt, .hi = MIDDLE, .w = w, .g = g},
                          {.opt = opt, .lo = MIDDLE, .hi = N, .w = w, .g = g}};
    tw_status s = tw_step_begin(opt, err);
    for (int pass = 0; s == TW_OK && pass < tw_optimizer_passes(opt); pass++) {
        s = both(half, 1, err);
        if (s == TW_OK) s = tw_step_settle_f32(opt, w, err);
    }
    if (s == TW_OK) s = both(half, 0, err);
    return s == TW_OK ? tw_step_end(opt, err) : s;
}

/* Towards weights of 0 to 6 in turn; by ranges or at once. */
static tw_status descend(tw_context *ctx, float *w, int by_ranges, tw_error *err)
{
    static const int64_t shape[] = {N};
    static float g[N];
    const tw_tensor tensor = {.name = "w", .rank = 1, .shape = shape};
    tw_optimizer *opt = NULL;
    tw_optimizer_options options = TW_OPTIMIZER_OPTIONS_INIT;
    options.rule = "clip_global_norm:max=10+adam:lr=0.1";
    options.tensors = &tensor;
    options.n_tensors = 1;
    tw_status s = tw_optimizer_create(&opt, ctx, &options, err);
    for (int t = 0; s == TW_OK && t < STEPS; t++) {
        for (int i = 0; i < N; i++) g[i] = 2 * (w[i] - (float)(i % 7));
        s = by_ranges ? step(opt, w, g, err) : tw_step_f32(opt, w, g, err);
    }
    tw_optimizer_free(opt);
    return s;
}

int main(void)
{
    static float ranges[N], whole[N];
    tw_context *ctx = NULL;
    tw_error err;
    tw_status s = tw_context_create(&ctx, NULL, &err);
    if (s == TW_OK) s = descend(ctx, ranges, 1, &err);
    if (s == TW_OK) s = descend(ctx, whole, 0, &err);
    tw_context_free(ctx);
    const int same = memcmp(ranges, whole, sizeof whole) == 0;
    if (s == TW_OK)
        printf("w[6] = %.3f after %d steps; the same bits by ranges and at once: %s\n", (double)ranges[6],
               STEPS, same ? "yes" : "no");
    else fprintf(stderr, "ranges: %s\n", err.message);
    return s != TW_OK || !same || !(ranges[6] > 3); /* so that a test sees it fail */
}
