/* Standard normal numbers by counting: Box and Muller's cosine branch on two uniform numbers of one Philox
 * block. Box & Muller 1958.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_NORMAL_H
#define TW_MATH_NORMAL_H
#include "base/random.h"
#include "math/elementary.h"

/* Number `index` of (seed, purpose, stream); streams differ in their low 48 bits. The first uniform number
 * lies in (0, 1], so the root is finite. */
static inline double tw__random_normal(uint64_t seed, enum tw__purpose purpose, uint64_t stream,
                                       uint64_t index)
{
    tw__philox4 r = tw__philox(seed, (uint32_t)index, (uint32_t)(index >> 32), (uint32_t)stream,
                               (uint32_t)purpose << 16 | ((uint32_t)(stream >> 32) & 0xffff));
    double a = ((double)(((uint64_t)r.word[1] << 32 | r.word[0]) >> 11) + 1) * 0x1p-53;
    double b = (double)(((uint64_t)r.word[3] << 32 | r.word[2]) >> 11) * 0x1p-53;
    return __builtin_sqrt(-2 * tw__log_f64(a)) * tw__cos_f64(0x1.921fb54442d18p2 * b);
}
#endif
