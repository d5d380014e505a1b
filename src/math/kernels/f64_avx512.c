/* The network kernels in double for x86-64 with AVX-512; see body.inc.
 * SPDX-License-Identifier: MIT */
#ifdef __x86_64__
#define REAL_BITS 64
#define KERNELS_ISA 3
#define KERNELS_TABLE tw__kernels_f64_avx512
#include "math/kernels/body.inc"
#else
typedef int nothing_here;
#endif
