/* The network kernels in double for any machine; see body.inc.
 * SPDX-License-Identifier: MIT */
#define REAL_BITS 64
#define KERNELS_ISA 1
#define KERNELS_TABLE tw__kernels_f64_base
#include "math/kernels/body.inc"
