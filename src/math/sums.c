/* One always-inline body per function, stamped for each instruction set.
 * SPDX-License-Identifier: MIT */
#include "math/sums.h"
#include "math/elementary.h"

#define INLINE static inline __attribute__((always_inline))

INLINE double add_lanes(double *lane)
{
    for (size_t width = TW__SUM_LANES / 2; width > 0; width /= 2)
        for (size_t j = 0; j < width; j++) lane[j] += lane[j + width];
    return lane[0];
}

#define BODIES(real, t, uint, exponent, one)                                          \
    INLINE double sum_squares_##t(const real *x, size_t n)                            \
    {                                                                                 \
        double lane[TW__SUM_LANES] = {0};                                             \
        size_t whole = n - n % TW__SUM_LANES, first = 0;                              \
        for (; first < whole; first += TW__SUM_LANES) {                               \
            _Pragma("omp simd") for (size_t j = 0; j < TW__SUM_LANES; j++) lane[j] += \
                (double)x[first + j] * (double)x[first + j];                          \
        }                                                                             \
        _Pragma("GCC unroll 1") for (size_t i = whole; i < n; i++) lane[i - whole] += \
            (double)x[i] * (double)x[i];                                              \
        return add_lanes(lane);                                                       \
    }                                                                                 \
    INLINE int finite_##t(const real *x, size_t n)                                    \
    {                                                                                 \
        uint any = 0; /* the sign bit is set by an exponent of all ones, plus one */  \
        _Pragma("omp simd reduction(|:any)") for (size_t i = 0; i < n; i++) any |=    \
            (tw__bits_##t(x[i]) & exponent) + one;                                    \
        return !(any & (exponent + one));                                             \
    }

BODIES(float, f32, uint32_t, 0x7f800000u, 0x00800000u)
BODIES(double, f64, uint64_t, 0x7ff0000000000000u, 0x0010000000000000u)

#define STAMP(isa, target, t, real)                                                                         \
    target static double sum_squares_##t##_##isa(const real *x, size_t n) { return sum_squares_##t(x, n); } \
    target static int finite_##t##_##isa(const real *x, size_t n) { return finite_##t(x, n); }
/* Double has the plain bodies alone, as in rules. */
#define TABLE(isa)                                                                                      \
    static const tw__sums table_##isa = {sum_squares_f32_##isa, sum_squares_f64_base, finite_f32_##isa, \
                                         finite_f64_base};

STAMP(base, , f32, float)
STAMP(base, , f64, double)
TABLE(base)
#if defined(__x86_64__)
#define AVX512 "avx512f,avx512vl,avx512dq,avx512bw"
#if defined(__clang__)
#define TARGET_AVX512 __attribute__((target(AVX512)))
#else
#define TARGET_AVX512 __attribute__((target(AVX512 ",prefer-vector-width=512"))) /* gcc's own choice is 256 */
#endif
STAMP(avx2, __attribute__((target("avx2"))), f32, float)
TABLE(avx2)
STAMP(avx512, TARGET_AVX512, f32, float)
TABLE(avx512)
#endif

const tw__sums *tw__sums_for(tw_isa isa)
{
#if defined(__x86_64__)
    if (isa == TW_ISA_AVX512) return &table_avx512;
    if (isa == TW_ISA_AVX2) return &table_avx2;
#endif
    (void)isa;
    return &table_base;
}

/* A counter in binary: node[k] holds a finished subtree of 2^k chunks where bit k of count is set. */
void tw__tree_add(tw__tree *tree, double chunk)
{
    size_t k = 0;
    for (; tree->count >> k & 1; k++) chunk = tree->node[k] + chunk;
    tree->node[k] = chunk;
    tree->count++;
}

double tw__tree_total(const tw__tree *tree)
{
    size_t k = 0;
    if (!tree->count) return 0;
    while (!(tree->count >> k & 1)) k++;
    double total = tree->node[k];
    for (size_t rest = tree->count >> k >> 1; rest; rest >>= 1) {
        k++;
        if (rest & 1) total = tree->node[k] + total;
    }
    return total;
}

double tw__tree_sum(const double *chunk, size_t n)
{
    tw__tree tree = {0};
    for (size_t i = 0; i < n; i++) tw__tree_add(&tree, chunk[i]);
    return tw__tree_total(&tree);
}

static size_t chunk_length(size_t first, size_t n) { return n - first < TW__CHUNK ? n - first : TW__CHUNK; }

#define WHOLE(real, t)                                                               \
    double tw__sum_squares_##t(const tw__sums *sums, const real *x, size_t n)        \
    {                                                                                \
        tw__tree tree = {0};                                                         \
        for (size_t at = 0; at < n; at += TW__CHUNK)                                 \
            tw__tree_add(&tree, sums->sum_squares_##t(x + at, chunk_length(at, n))); \
        return tw__tree_total(&tree);                                                \
    }                                                                                \
    size_t tw__first_not_finite_##t(const tw__sums *sums, const real *x, size_t n)   \
    {                                                                                \
        for (size_t at = 0; at < n; at += TW__CHUNK)                                 \
            if (!sums->finite_##t(x + at, chunk_length(at, n)))                      \
                for (size_t i = at;; i++)                                            \
                    if (!finite_##t(x + i, 1)) return i;                             \
        return n;                                                                    \
    }

WHOLE(float, f32)
WHOLE(double, f64)
