/* One always-inline body per function, stamped for each pair of types and each instruction set.
 * SPDX-License-Identifier: MIT */
#include "models/linear/rows.h"

#define INLINE static inline __attribute__((always_inline))
enum { LANES = 8 };

INLINE double add_lanes(double *lane)
{
    for (size_t j = 0; j < LANES; j++) lane[j] += 0; /* -0 becomes 0 */
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t j = 0; j < width; j++) lane[j] += lane[j + width];
    return lane[0];
}

#define AS_IT_IS(real, x) ((real)(x))
#define BY_255(real, x) ((real)(x) / 255)

#define BODIES(real, t, number, x_type, value)                                                         \
    INLINE double dense_dot_##t##_##x_type(const real *w, const number *x, size_t n)                   \
    {                                                                                                  \
        double lane[LANES] = {0};                                                                      \
        const size_t whole = n - n % LANES;                                                            \
        for (size_t first = 0; first < whole; first += LANES) {                                        \
            _Pragma("omp simd") for (size_t j = 0; j < LANES; j++) lane[j] +=                          \
                (double)w[first + j] * (double)value(real, x[first + j]);                              \
        }                                                                                              \
        _Pragma("GCC unroll 1") for (size_t i = whole; i < n; i++) lane[i - whole] +=                  \
            (double)w[i] * (double)value(real, x[i]);                                                  \
        return add_lanes(lane);                                                                        \
    }                                                                                                  \
    INLINE double sparse_dot_##t##_##x_type(const real *w, const number *x, const uint32_t *columns,   \
                                            size_t n)                                                  \
    {                                                                                                  \
        double lane[LANES] = {0};                                                                      \
        for (size_t i = 0; i < n; i++)                                                                 \
            lane[columns[i] % LANES] += (double)w[columns[i]] * (double)value(real, x[i]);             \
        return add_lanes(lane);                                                                        \
    }                                                                                                  \
    INLINE void dense_add_##t##_##x_type(real *restrict g, real s, const number *restrict x, size_t n) \
    {                                                                                                  \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) g[i] += s * value(real, x[i]);              \
    }                                                                                                  \
    INLINE void sparse_add_##t##_##x_type(real *restrict g, real s, const number *restrict x,          \
                                          const uint32_t *columns, size_t n)                           \
    {                                                                                                  \
        for (size_t i = 0; i < n; i++) g[columns[i]] += s * value(real, x[i]);                         \
    }

#define STAMP(isa, target, real, t, number, x_type)                                                          \
    target static double dot_##t##_##x_type##_##isa(const void *w, const void *x, const uint32_t *columns,   \
                                                    size_t n)                                                \
    {                                                                                                        \
        return columns ? sparse_dot_##t##_##x_type(w, x, columns, n) : dense_dot_##t##_##x_type(w, x, n);    \
    }                                                                                                        \
    target static void add_##t##_##x_type##_##isa(void *g, double s, const void *x, const uint32_t *columns, \
                                                  size_t n)                                                  \
    {                                                                                                        \
        if (columns) sparse_add_##t##_##x_type(g, (real)s, x, columns, n);                                   \
        else dense_add_##t##_##x_type(g, (real)s, x, n);                                                     \
    }

#define EACH(X)                          \
    X(float, f32, uint8_t, u8, BY_255)   \
    X(float, f32, float, f32, AS_IT_IS)  \
    X(float, f32, double, f64, AS_IT_IS) \
    X(double, f64, uint8_t, u8, BY_255)  \
    X(double, f64, float, f32, AS_IT_IS) \
    X(double, f64, double, f64, AS_IT_IS)

EACH(BODIES)

/* Rows u8, f32, f64, for weights f32, then f64. */
#define ROW(t, x_type, isa)                                    \
    {                                                          \
        dot_##t##_##x_type##_##isa, add_##t##_##x_type##_##isa \
    }
#define TABLE(isa)                                                                                          \
    static const tw__rows table_##isa[2][3] = {{ROW(f32, u8, isa), ROW(f32, f32, isa), ROW(f32, f64, isa)}, \
                                               {ROW(f64, u8, isa), ROW(f64, f32, isa), ROW(f64, f64, isa)}};

#define STAMP_BASE(real, t, number, x_type, value) STAMP(base, , real, t, number, x_type)
EACH(STAMP_BASE)
TABLE(base)
#if defined(__x86_64__)
/* Lanes are 8, and double: AVX-512 brings no more than this. */
#define STAMP_AVX2(real, t, number, x_type, value) \
    STAMP(avx2, __attribute__((target("avx2"))), real, t, number, x_type)
EACH(STAMP_AVX2)
TABLE(avx2)
#endif

const tw__rows *tw__rows_for(tw_type weights, tw_type rows, tw_isa isa)
{
    const size_t column = rows == TW_U8 ? 0 : rows == TW_F32 ? 1 : 2;
#if defined(__x86_64__)
    if (isa >= TW_ISA_AVX2) return &table_avx2[weights == TW_F64][column];
#endif
    (void)isa;
    return &table_base[weights == TW_F64][column];
}
