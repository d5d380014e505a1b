/* Which table of kernels serves a precision and an instruction set, and the layout of dense weights.
 * SPDX-License-Identifier: MIT */
#include "math/kernels.h"
#include "math/kernels/tables.h"

const tw__kernels *tw__kernels_for(tw_type type, tw_isa isa)
{
#ifdef __x86_64__
    if (isa == TW_ISA_AVX512) return type == TW_F64 ? &tw__kernels_f64_avx512 : &tw__kernels_f32_avx512;
    if (isa == TW_ISA_AVX2) return type == TW_F64 ? &tw__kernels_f64_avx2 : &tw__kernels_f32_avx2;
#else
    (void)isa;
#endif
    return type == TW_F64 ? &tw__kernels_f64_base : &tw__kernels_f32_base;
}

/* Vectors run over the longer side: from 16 outputs on over the outputs, else over the inputs. */
size_t tw__dense_at(size_t in, size_t out, size_t i, size_t o)
{
    return out >= 16 ? i * out + o : o * in + i;
}
