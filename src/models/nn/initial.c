/* The distributions that weights begin with. fan_in and fan_out are how many numbers a number of the output
 * depends on, and the other way round.
 * SPDX-License-Identifier: MIT */
#include "models/nn/initial.h"
#include "base/random.h"
#include "math/normal.h"
#include "models/nn/layer.h"
#include <string.h>

/* Uniform in [-limit, limit). */
static tw_status uniform(const tw__layer_tensor *t, double limit, uint64_t seed, uint32_t number, double *to)
{
    for (size_t i = 0; i < t->size; i++)
        to[i] = limit * (2 * tw__random_unit(seed, TW__FOR_WEIGHTS, number, i) - 1);
    return TW_OK;
}

static tw_status normal(const tw__layer_tensor *t, double deviation, uint64_t seed, uint32_t number,
                        double *to)
{
    for (size_t i = 0; i < t->size; i++)
        to[i] = deviation * tw__random_normal(seed, TW__FOR_WEIGHTS, number, i);
    return TW_OK;
}

#define FILL(name, expression)                                                                        \
    static tw_status name(tw_context *ctx, const tw__layer_tensor *t, uint64_t seed, uint32_t number, \
                          double *to, tw_error *err)                                                  \
    {                                                                                                 \
        (void)ctx, (void)err;                                                                         \
        return expression;                                                                            \
    }
/* Glorot & Bengio 2010, equation 16; as a normal distribution with the same variance */
FILL(glorot_uniform, uniform(t, __builtin_sqrt(6 / (t->fan_in + t->fan_out)), seed, number, to))
FILL(glorot_normal, normal(t, __builtin_sqrt(2 / (t->fan_in + t->fan_out)), seed, number, to))
/* He, Zhang, Ren & Sun 2015, equation 10 */
FILL(he_uniform, uniform(t, __builtin_sqrt(6 / t->fan_in), seed, number, to))
FILL(he_normal, normal(t, __builtin_sqrt(2 / t->fan_in), seed, number, to))
/* LeCun, Bottou, Orr & Müller 1998, section 4.6 */
FILL(lecun_uniform, uniform(t, __builtin_sqrt(3 / t->fan_in), seed, number, to))
FILL(lecun_normal, normal(t, __builtin_sqrt(1 / t->fan_in), seed, number, to))

static tw_status constant(const tw__layer_tensor *t, double value, double *to)
{
    for (size_t i = 0; i < t->size; i++) to[i] = value;
    return TW_OK;
}
FILL(zeros, ((void)seed, (void)number, constant(t, 0, to)))
FILL(ones, ((void)seed, (void)number, constant(t, 1, to)))

static double product(size_t n, const double *a, const double *b)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* Makes the `rows` vectors of `n` numbers orthonormal, rows <= n: Gram and Schmidt's method, twice, which is
 * enough for orthogonality to rounding (Giraud, Langou & Rozloznik 2005). */
static void make_orthonormal(size_t rows, size_t n, double *a)
{
    for (size_t i = 0; i < rows; i++) {
        double *const v = a + i * n;
        for (int again = 0; again < 2; again++)
            for (size_t j = 0; j < i; j++) {
                const double along = product(n, v, a + j * n);
                for (size_t k = 0; k < n; k++) v[k] -= along * a[j * n + k];
            }
        const double length = __builtin_sqrt(product(n, v, v));
        for (size_t k = 0; k < n; k++) v[k] /= length;
    }
}

/* As a matrix of its first length the tensor has orthonormal rows, or where it is higher than wide columns.
 * Saxe, McClelland & Ganguli 2014. */
static tw_status orthogonal(tw_context *ctx, const tw__layer_tensor *t, uint64_t seed, uint32_t number,
                            double *to, tw_error *err)
{
    const size_t rows = (size_t)t->shape[0], columns = t->size / rows;
    double *turned;
    normal(t, 1, seed, number, to);
    if (rows <= columns) {
        make_orthonormal(rows, columns, to);
        return TW_OK;
    }
    TW_TRY(tw__alloc(ctx, &turned, t->size, sizeof *turned, err));
    for (size_t i = 0; i < t->size; i++) turned[i % columns * rows + i / columns] = to[i];
    make_orthonormal(columns, rows, turned);
    for (size_t i = 0; i < t->size; i++) to[i] = turned[i % columns * rows + i / columns];
    tw__free(ctx, turned, t->size, sizeof *turned);
    return TW_OK;
}

/* in the order of TW__INIT_WORDS */
static const tw__initial initials[] = {
    {"glorot_uniform", glorot_uniform}, {"glorot_normal", glorot_normal},
    {"he_uniform", he_uniform},         {"he_normal", he_normal},
    {"lecun_uniform", lecun_uniform},   {"lecun_normal", lecun_normal},
    {"orthogonal", orthogonal},         {"zeros", zeros},
};
const tw__initial tw__initial_ones = {"ones", ones};

const tw__initial *tw__initial_at(double value) { return &initials[(size_t)value]; }
