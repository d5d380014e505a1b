/* The template of an activation, which computes each number by itself. The file that includes this defines
 *
 *     ACTIVATION           its name, an identifier of C
 *     HELP, EQUATION       of the type
 *     READS                TW__READS_OUTPUT, if backward needs y alone, or TW__READS_INPUT
 *     FORWARD(x)           y, an expression in x
 *     BACKWARD(x, y, dy)   dx, an expression in what READS says and dy
 *
 * and if needed OPTIONS (rows of tw_option; the first one's value is `a` in both expressions), ONNX (its
 * operator there, with ONNX_OPTION, what the first option is called there) and FIELDS (more fields of the
 * type). The expressions are computed in `real`, float or double, and may use its exp,
 * log and tanh below; constants are written (real)0.5. Loops are compiled for each instruction set.
 * SPDX-License-Identifier: MIT */
#include "math/elementary.h"
#include "models/nn/same.h"
#include "models/nn/stamp.h"

#define real_exp(x) _Generic((x), float : tw__exp_f32, double : tw__exp_f64)(x)
#define real_log(x) _Generic((x), float : tw__log_f32, double : tw__log_f64)(x)
#define real_tanh(x) _Generic((x), float : tw__tanh_f32, double : tw__tanh_f64)(x)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EACH
#else
#define EACH _Pragma("omp simd")
#endif

#define LOOPS(number, type, isa, ...)                                                                   \
    __VA_ARGS__ static void forward_##type##_##isa(size_t n, double option, const void *from, void *to) \
    {                                                                                                   \
        typedef number real;                                                                            \
        const real a = (real)option, *const in = from;                                                  \
        real *const out = to;                                                                           \
        (void)a;                                                                                        \
        EACH for (size_t i = 0; i < n; i++)                                                             \
        {                                                                                               \
            const real x = in[i];                                                                       \
            out[i] = FORWARD(x);                                                                        \
        }                                                                                               \
    }                                                                                                   \
    __VA_ARGS__ static void backward_##type##_##isa(size_t n, double option, const void *from,          \
                                                    const void *dfrom, void *dto)                       \
    {                                                                                                   \
        typedef number real;                                                                            \
        const real a = (real)option, *const in = from, *const din = dfrom;                              \
        real *const out = dto;                                                                          \
        (void)a;                                                                                        \
        EACH for (size_t i = 0; i < n; i++)                                                             \
        {                                                                                               \
            const real x = in[i], y = x, dy = din[i];                                                   \
            (void)x, (void)y;                                                                           \
            out[i] = BACKWARD(x, y, dy);                                                                \
        }                                                                                               \
    }

LOOPS(float, f32, base, )
LOOPS(double, f64, base, )
#ifdef __x86_64__
LOOPS(float, f32, avx2, __attribute__((target("avx2,fma"))))
LOOPS(double, f64, avx2, __attribute__((target("avx2,fma"))))
LOOPS(float, f32, avx512, __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma"))))
LOOPS(double, f64, avx512, __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma"))))
#define LEVELS(name, type)                                                 \
    {                                                                      \
        name##_##type##_base, name##_##type##_avx2, name##_##type##_avx512 \
    }
#else
#define LEVELS(name, type)                                               \
    {                                                                    \
        name##_##type##_base, name##_##type##_base, name##_##type##_base \
    }
#endif

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    static void (*const run[2][3])(size_t, double, const void *, void *) = {LEVELS(forward, f32),
                                                                            LEVELS(forward, f64)};
    run[p->k->real == sizeof(double)][p->k->isa - TW_ISA_BASE](p->rows * l->out_size, *(const double *)l->own,
                                                               x, y);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    static void (*const run[2][3])(size_t, double, const void *, const void *,
                                   void *) = {LEVELS(backward, f32), LEVELS(backward, f64)};
    if (!dx) return;
    run[p->k->real == sizeof(double)][p->k->isa - TW_ISA_BASE](p->rows * l->out_size, *(const double *)l->own,
                                                               READS == TW__READS_OUTPUT ? y : x, dy, dx);
}

#ifdef ONNX
static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
#ifdef ONNX_OPTION
    *value = tw__onnx_node(g, ONNX, 1, value, 1, &TW__ONNX_REAL(ONNX_OPTION, *(const double *)l->own));
#else
    (void)l;
    *value = tw__onnx_one(g, ONNX, *value);
#endif
}
#define ONNX_FIELD .onnx = onnx,
#else
#define ONNX_FIELD
#endif

const tw__layer_type LAYER(ACTIVATION) = {.name = TEXT(ACTIVATION),
                                          .usage = TEXT(ACTIVATION),
                                          .help = HELP,
                                          .equation = EQUATION,
                                          OPTION_FIELDS.activation = 1,
                                          .in_place = 1,
                                          .by_unit = 1,
                                          .reads = READS,
                                          .own_size = sizeof(double),
                                          .setup = tw__same_setup,
                                          .forward = forward,
                                          .backward = backward,
                                          ONNX_FIELD
#ifdef FIELDS
                                              FIELDS
#endif
};
