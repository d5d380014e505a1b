/* The network kernels in float for any machine; see body.inc.
 * SPDX-License-Identifier: MIT */
#define REAL_BITS 32
#define KERNELS_ISA 1
#define KERNELS_TABLE tw__kernels_f32_base
#include "math/kernels/body.inc"
