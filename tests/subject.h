/* A spec at work: n weights in two tensors, a matrix and a vector, and gradients from bench_number.
 * SPDX-License-Identifier: MIT */
#include "optimizer_bench.h"
#include <math.h>
#include "optimizer/optimizer.h"

struct subject {
    char spec[128];
    const tw_rule *custom;
};

struct work {
    tw_context *ctx;
    tw_optimizer *opt;
    tw_type type;
    size_t n;
    void *w, *g;
};

/* Elements of the first tensor, a matrix of four columns; the rest is a vector. */
static inline size_t subject_first(size_t n) { return n / 12 * 4; }

static inline struct work begin(const struct subject *s, tw_context *ctx, tw_type type, size_t n,
                                const char *schedule)
{
    struct work a = {.ctx = ctx,
                     .type = type,
                     .n = n,
                     .w = malloc(n * tw_type_size(type)),
                     .g = malloc(n * tw_type_size(type))};
    const size_t first = subject_first(n);
    const int64_t matrix[] = {(int64_t)first / 4, 4}, rest = (int64_t)(n - first);
    const tw_tensor tensors[] = {{"first", 2, matrix, 0, 0}, {"rest", 1, &rest, first, 0}};
    tw_error err;
    if (bench_create(&a.opt, ctx, s->spec, s->custom, schedule, 100, type, tensors, 2, 1, &err) != TW_OK)
        fail_msg("%s: %s", s->spec, err.message);
    for (size_t i = 0; i < n; i++)
        if (type == TW_F32) ((float *)a.w)[i] = (float)bench_number(i, 1000);
        else ((double *)a.w)[i] = bench_number(i, 1000);
    return a;
}

static inline void end(struct work *a)
{
    tw_optimizer_free(a->opt);
    free(a->w);
    free(a->g);
}

static inline void gradient(struct work *a, uint64_t t, double scale)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->type == TW_F32) ((float *)a->g)[i] = (float)(scale * bench_number(i, t));
        else ((double *)a->g)[i] = scale * bench_number(i, t);
}

static inline tw_status step(struct work *a, tw_error *err)
{
    return a->type == TW_F32 ? tw_step_f32(a->opt, a->w, a->g, err) : tw_step_f64(a->opt, a->w, a->g, err);
}

static inline void steps(struct work *a, uint64_t from, uint64_t to)
{
    for (uint64_t t = from; t < to; t++) {
        gradient(a, t, 1);
        assert_int_equal(step(a, NULL), TW_OK);
    }
}

static inline double weight(const struct work *a, size_t i)
{
    return a->type == TW_F32 ? (double)((float *)a->w)[i] : ((double *)a->w)[i];
}

static inline void assert_same_bits(const struct subject *s, const char *what, const struct work *a,
                                    const struct work *b)
{
    for (size_t i = 0; i < a->n; i++)
        if (memcmp((char *)a->w + i * tw_type_size(a->type), (char *)b->w + i * tw_type_size(a->type),
                   tw_type_size(a->type)) != 0)
            fail_msg("%s, %s, %s: weight %zu is %.17g, not %.17g", s->spec, tw_type_name(a->type), what, i,
                     weight(b, i), weight(a, i));
}
