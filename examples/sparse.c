/* Logistic regression on rows with 8 of 2,048 features each: a step touches 8 weights, whatever the number of
 * all.
 *
 *     cc -O2 sparse.c -o sparse $(pkg-config --cflags --libs thalweg) -lm
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <thalweg/optimizer.h>

enum { FIELDS = 8, CHOICES = 256, FEATURES = FIELDS * CHOICES, ROWS = 20000, UNSEEN = 1000 };

/* Row r has one feature of each field, in rising order, and belongs to class 1 or -1 by weights of -2 to 2
 * that are to be found. */
static int row(uint64_t r, uint32_t index[FIELDS])
{
    int sum = 0;
    for (uint32_t f = 0; f < FIELDS; f++) {
        uint64_t x = (r * FIELDS + f + 1) * 0x9E3779B97F4A7C15u;
        index[f] = f * CHOICES + (uint32_t)((x ^ x >> 31) * 0xBF58476D1CE4E5B9u >> 56);
        sum += (int)(index[f] * 7 % 5) - 2;
    }
    return sum > 0 ? 1 : -1;
}

static double margin(const float *w, const uint32_t index[FIELDS])
{
    double sum = 0;
    for (int f = 0; f < FIELDS; f++) sum += (double)w[index[f]];
    return sum;
}

static tw_status learn(tw_optimizer *opt, float *w, uint64_t r, tw_error *err)
{
    uint32_t index[FIELDS];
    float g[FIELDS];
    int class = row(r, index);
    /* For adagrad a gradient of 0 changes nothing, and this has nothing to do; momentum would still move what
     * it has touched before. */
    tw_status s = tw_sparse_flush_f32(opt, w, FIELDS, index, err);
    if (s != TW_OK) return s;
    for (int f = 0; f < FIELDS; f++) g[f] = (float)(-class / (1 + exp(class * margin(w, index))));
    return tw_step_sparse_f32(opt, w, FIELDS, index, g, err);
}

int main(void)
{
    static const int64_t shape[] = {FEATURES};
    static float w[FEATURES];
    const tw_tensor tensor = {.name = "weight", .rank = 1, .shape = shape};
    uint32_t index[FIELDS];
    int right = 0;
    tw_context *ctx = NULL;
    tw_optimizer *opt = NULL;
    tw_error err;
    tw_optimizer_options options = TW_OPTIMIZER_OPTIONS_INIT;
    options.rule = "adagrad:lr=0.5";
    options.tensors = &tensor;
    options.n_tensors = 1;
    tw_status s = tw_context_create(&ctx, NULL, &err);
    if (s == TW_OK) s = tw_optimizer_create(&opt, ctx, &options, &err);
    for (uint64_t step = 0; s == TW_OK && step < 3 * ROWS; step++) s = learn(opt, w, step % ROWS, &err);
    if (s == TW_OK) s = tw_sparse_flush_f32(opt, w, FEATURES, NULL, &err);
    for (uint64_t r = ROWS; r < ROWS + UNSEEN; r++) right += row(r, index) == (margin(w, index) > 0 ? 1 : -1);
    if (s == TW_OK) printf("%d of %d unseen rows are right\n", right, UNSEEN);
    else fprintf(stderr, "sparse: %s\n", err.message);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
    return s != TW_OK || right < 900; /* so that a test sees it fail */
}
