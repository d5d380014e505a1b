/* The arithmetic of directions; see vectors.h.
 * SPDX-License-Identifier: MIT */
#include "estimators/vectors.h"
#include "base/pool.h"
#include "math/sums.h"
#include <string.h>

enum { CHUNKS_PER_TASK = 4 };

/* One call's arguments; each kernel has its own use for them. */
typedef struct call {
    void (*kernel)(const struct call *c, size_t lo, size_t hi);
    const tw__sums *sums;
    double *sum, *partial, divisor, step;
    void *a, *y;
    const void *b, *c;
    size_t size;
} call;

static void task(void *arg, size_t i, int worker)
{
    (void)worker;
    const call *c = arg;
    const size_t length = (size_t)TW__CHUNK * CHUNKS_PER_TASK;
    for (size_t lo = i * length; lo < c->size && lo < (i + 1) * length; lo += TW__CHUNK)
        c->kernel(c, lo, lo + TW__CHUNK < c->size ? lo + TW__CHUNK : c->size);
}

static void run(const tw__estimator *e, call c)
{
    const size_t length = (size_t)TW__CHUNK * CHUNKS_PER_TASK;
    c.size = e->size;
    tw__pool_run(e->ctx, (c.size + length - 1) / length, task, &c);
}

#define KERNELS(real, t)                                                                         \
    static void divide_##t(const call *k, size_t lo, size_t hi)                                  \
    {                                                                                            \
        real *restrict a = k->a;                                                                 \
        const double divisor = k->divisor;                                                       \
        for (size_t i = lo; i < hi; i++) a[i] = (real)((double)a[i] / divisor);                  \
    }                                                                                            \
    static void correct_##t(const call *k, size_t lo, size_t hi)                                 \
    {                                                                                            \
        real *restrict a = k->a;                                                                 \
        const real *restrict b = k->b, *restrict c = k->c;                                       \
        const double divisor = k->divisor;                                                       \
        for (size_t i = lo; i < hi; i++)                                                         \
            a[i] = (real)(((double)a[i] - (double)b[i]) / divisor + (double)c[i]);               \
    }                                                                                            \
    static void move_##t(const call *k, size_t lo, size_t hi)                                    \
    {                                                                                            \
        real *to = k->a;                                                                         \
        const real *w = k->b, *a = k->c;                                                         \
        const double factor = k->step;                                                           \
        for (size_t i = lo; i < hi; i++) to[i] = (real)((double)w[i] + factor * (double)a[i]);   \
    }                                                                                            \
    static void mix_##t(const call *k, size_t lo, size_t hi)                                     \
    {                                                                                            \
        real *restrict w = k->a;                                                                 \
        const real *restrict z = k->b, *restrict s = k->c;                                       \
        const double a = k->step, b = k->divisor, rest = 1 - a - b;                              \
        for (size_t i = lo; i < hi; i++)                                                         \
            w[i] = (real)(a * (double)z[i] + b * (double)s[i] + rest * (double)w[i]);            \
    }                                                                                            \
    static void average_##t(const call *k, size_t lo, size_t hi)                                 \
    {                                                                                            \
        double *restrict mean = k->sum;                                                          \
        const real *restrict a = k->b;                                                           \
        const double share = k->step;                                                            \
        for (size_t i = lo; i < hi; i++) mean[i] += share * ((double)a[i] - mean[i]);            \
    }                                                                                            \
    static void round_##t(const call *k, size_t lo, size_t hi)                                   \
    {                                                                                            \
        real *restrict to = k->a;                                                                \
        for (size_t i = lo; i < hi; i++) to[i] = (real)k->sum[i];                                \
    }                                                                                            \
    static void sag_##t(const call *k, size_t lo, size_t hi)                                     \
    {                                                                                            \
        real *restrict a = k->a, *restrict y = k->y;                                             \
        double *restrict sum = k->sum;                                                           \
        const double divisor = k->divisor;                                                       \
        for (size_t i = lo; i < hi; i++) {                                                       \
            sum[i] += (double)a[i] - (double)y[i];                                               \
            y[i] = a[i];                                                                         \
            a[i] = (real)(sum[i] / divisor);                                                     \
        }                                                                                        \
    }                                                                                            \
    static void saga_##t(const call *k, size_t lo, size_t hi)                                    \
    {                                                                                            \
        real *restrict a = k->a, *restrict y = k->y;                                             \
        double *restrict sum = k->sum;                                                           \
        const double divisor = k->divisor, step = k->step;                                       \
        for (size_t i = lo; i < hi; i++) {                                                       \
            double change = (double)a[i] - (double)y[i];                                         \
            y[i] = a[i];                                                                         \
            a[i] = (real)(change / step + sum[i] / divisor);                                     \
            sum[i] += change;                                                                    \
        }                                                                                        \
    }                                                                                            \
    static void squares_##t(const call *k, size_t lo, size_t hi)                                 \
    {                                                                                            \
        k->partial[lo / TW__CHUNK] = k->sums->sum_squares_##t((const real *)k->b + lo, hi - lo); \
    }

KERNELS(float, f32)
KERNELS(double, f64)
#define FOR(e, name) ((e)->real == TW_F32 ? name##_f32 : name##_f64)

void tw__vectors_copy(const tw__estimator *e, void *to, const void *from)
{
    memcpy(to, from, e->size * tw_type_size(e->real));
}
void tw__vectors_divide(const tw__estimator *e, void *a, double divisor)
{
    run(e, (call){.kernel = FOR(e, divide), .a = a, .divisor = divisor});
}

void tw__vectors_correct(const tw__estimator *e, void *a, const void *b, double divisor, const void *c)
{
    run(e, (call){.kernel = FOR(e, correct), .a = a, .b = b, .c = c, .divisor = divisor});
}

void tw__vectors_move(const tw__estimator *e, void *to, const void *w, double factor, const void *a)
{
    run(e, (call){.kernel = FOR(e, move), .a = to, .b = w, .c = a, .step = factor});
}

void tw__vectors_mix(const tw__estimator *e, void *w, double a, const void *z, double b, const void *s)
{
    run(e, (call){.kernel = FOR(e, mix), .a = w, .b = z, .c = s, .step = a, .divisor = b});
}

void tw__vectors_average(const tw__estimator *e, double *mean, double share, const void *a)
{
    run(e, (call){.kernel = FOR(e, average), .sum = mean, .b = a, .step = share});
}

void tw__vectors_round(const tw__estimator *e, void *to, const double *from)
{
    run(e, (call){.kernel = FOR(e, round), .a = to, .sum = (double *)from});
}

void tw__vectors_sag(const tw__estimator *e, double *sum, void *y, void *a, double divisor)
{
    run(e, (call){.kernel = FOR(e, sag), .sum = sum, .y = y, .a = a, .divisor = divisor});
}

void tw__vectors_saga(const tw__estimator *e, double *sum, void *y, void *a, double step, double divisor)
{
    run(e, (call){.kernel = FOR(e, saga), .sum = sum, .y = y, .a = a, .step = step, .divisor = divisor});
}

size_t tw__vectors_chunks(const tw__estimator *e) { return (e->size + TW__CHUNK - 1) / TW__CHUNK; }

double tw__vectors_norm(const tw__estimator *e, const void *a, double *partial)
{
    run(e, (call){.kernel = FOR(e, squares),
                  .sums = tw__sums_for(tw_context_isa(e->ctx)),
                  .b = a,
                  .partial = partial});
    return __builtin_sqrt(tw__tree_sum(partial, tw__vectors_chunks(e)));
}
