/* The tables that f32_base.c and its five siblings define.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_TABLES_H
#define TW_MATH_KERNELS_TABLES_H
#include "math/kernels.h"
extern const tw__kernels tw__kernels_f32_base, tw__kernels_f64_base;
#ifdef __x86_64__
extern const tw__kernels tw__kernels_f32_avx2, tw__kernels_f64_avx2, tw__kernels_f32_avx512,
    tw__kernels_f64_avx512;
#endif
#endif
