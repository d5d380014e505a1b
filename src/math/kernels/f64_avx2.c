/* The network kernels in double for x86-64 with AVX2 and FMA; see body.inc.
 * SPDX-License-Identifier: MIT */
#ifdef __x86_64__
#define REAL_BITS 64
#define KERNELS_ISA 2
#define KERNELS_TABLE tw__kernels_f64_avx2
#include "math/kernels/body.inc"
#else
typedef int nothing_here;
#endif
