/* Vectors of LANES numbers in plain C, for the files that are compiled once per precision and instruction
 * set. The file that includes this defines REAL_BITS and VECTOR_BYTES and has switched the instruction set on
 * (body.inc). Each form below is one that gcc 12 and clang 14 both turn into the one instruction that
 * is meant.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_VEC_H
#define TW_MATH_KERNELS_VEC_H
#include <stddef.h>
#include <stdint.h>

#if REAL_BITS == 32
typedef float real;
typedef int32_t whole;
typedef uint32_t word;
#define REAL_FMA __builtin_fmaf
#define REAL_EXPONENT 0x7F800000u
#else
typedef double real;
typedef int64_t whole;
typedef uint64_t word;
#define REAL_FMA __builtin_fma
#define REAL_EXPONENT 0x7FF0000000000000u
#endif

#define INLINE static inline __attribute__((always_inline))
#define LANES (VECTOR_BYTES / (int)sizeof(real))

/* Sanitizers check every lane of every copy: then nothing is unrolled and there are few tiles, or compiling
 * takes minutes. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FEW_TILES 1
#elif defined(__has_feature)
#define FEW_TILES                                                           \
    (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
     __has_feature(memory_sanitizer) || __has_feature(undefined_behavior_sanitizer))
#else
#define FEW_TILES 0
#endif

/* UNROLL: completely.  EACH: the order of the passes does not matter.  SIMD: over lanes. */
#if FEW_TILES
#define EACH
#define UNROLL
#else
#define EACH _Pragma("omp simd")
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif
#endif
#ifdef __clang__
#define SIMD
#else
/* without it gcc leaves the lanes to a pass that is easily confused */
#define SIMD _Pragma("omp simd")
#endif

typedef real vec __attribute__((vector_size(VECTOR_BYTES)));
typedef whole ivec __attribute__((vector_size(VECTOR_BYTES)));
typedef real loose_vec __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));
typedef whole loose_ivec __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));
typedef real quad __attribute__((vector_size(4 * sizeof(real))));
typedef real loose_quad __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));

INLINE vec vec_load(const real *p) { return *(const loose_vec *)p; }
INLINE void vec_store(real *p, vec v) { *(loose_vec *)p = v; }
/* 0 + x would change -0 and so is not folded into a broadcast */
INLINE vec vec_of(real x) { return x - (vec){0}; }
INLINE vec vec_select(ivec mask, vec yes, vec no) { return (vec)((mask & (ivec)yes) | (~mask & (ivec)no)); }

INLINE vec vec_fma(vec a, vec b, vec c)
{
    vec r;
    SIMD for (int i = 0; i < LANES; i++) r[i] = REAL_FMA(a[i], b[i], c[i]);
    return r;
}

/* The first n lanes; the memory of the others is not touched.  On gcc the loops become masked moves; clang
 * makes a ladder of them. */
INLINE vec vec_load_part(const real *p, size_t n)
{
    vec v = {0};
#ifdef __clang__
    __builtin_memcpy(&v, p, n * sizeof(real));
#else
    SIMD for (int i = 0; i < LANES; i++) if (i < (int)n) v[i] = p[i];
#endif
    return v;
}

INLINE void vec_store_part(real *p, vec v, size_t n)
{
#ifdef __clang__
    __builtin_memcpy(p, &v, n * sizeof(real));
#else
    SIMD for (int i = 0; i < LANES; i++) if (i < (int)n) p[i] = v[i];
#endif
}

INLINE void quad_transpose(quad v[4])
{
    quad low0 = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5),
         high0 = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7);
    quad low1 = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5),
         high1 = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);
    v[0] = __builtin_shufflevector(low0, low1, 0, 1, 4, 5);
    v[1] = __builtin_shufflevector(low0, low1, 2, 3, 6, 7);
    v[2] = __builtin_shufflevector(high0, high1, 0, 1, 4, 5);
    v[3] = __builtin_shufflevector(high0, high1, 2, 3, 6, 7);
}

/* to = from', by squares of 4 of which the last may overlap; from has `rows` rows of `columns` numbers. Strip
 * after strip of columns: lines of rows that fall into the same place of the cache are read but once. */
enum { STRIP = 16 };
static inline void transpose(size_t rows, size_t columns, const real *from, size_t from_row, real *to,
                             size_t to_row)
{
    if (rows < 4 || columns < 4) {
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++) to[c * to_row + r] = from[r * from_row + c];
        return;
    }
    for (size_t strip = 0; strip < columns; strip += STRIP)
        for (size_t j = 0; j < rows; j += 4)
            for (size_t i = strip; i < strip + STRIP && i < columns; i += 4) {
                size_t c = i + 4 <= columns ? i : columns - 4, r = j + 4 <= rows ? j : rows - 4;
                quad v[4];
                UNROLL for (int q = 0; q < 4; q++) v[q] =
                    *(const loose_quad *)(from + (r + (size_t)q) * from_row + c);
                quad_transpose(v);
                UNROLL for (int q = 0; q < 4; q++) * (loose_quad *)(to + (c + (size_t)q) * to_row + r) = v[q];
            }
}

#endif
