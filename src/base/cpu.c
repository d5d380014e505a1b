/* CPU features by cpuid: the compiler's own __builtin_cpu_supports would bring a mutable global along.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/cpu.h"
#include <sched.h>
#include <string.h>
#include <thalweg/context.h>
#include "base/error.h"
#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

tw_isa tw_isa_of_cpu(void)
{
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX) || !(c & bit_FMA))
        return TW_ISA_BASE;
    uint64_t state = enabled_state();
    if ((state & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2))
        return TW_ISA_BASE;
    const uint32_t avx512 = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
    return (state & 0xE6) == 0xE6 && (b & avx512) == avx512 ? TW_ISA_AVX512 : TW_ISA_AVX2;
}
#else
tw_isa tw_isa_of_cpu(void) { return TW_ISA_BASE; }
#endif

const char *tw_isa_name(tw_isa isa)
{
    static const char name[][8] = {[TW_ISA_DETECT] = "detect",
                                   [TW_ISA_BASE] = "base",
                                   [TW_ISA_AVX2] = "avx2",
                                   [TW_ISA_AVX512] = "avx512"};
    return (size_t)isa < sizeof name / sizeof *name ? name[isa] : "unknown";
}

tw_status tw_isa_from_name(const char *name, tw_isa *out, tw_error *err)
{
    TW_NEEDS(err, name && out);
    for (tw_isa isa = TW_ISA_BASE; isa <= TW_ISA_AVX512; isa = (tw_isa)(isa + 1))
        if (strcmp(name, tw_isa_name(isa)) == 0) {
            *out = isa;
            return TW_OK;
        }
    return tw__fail(err, TW_ERR_SPEC, "instruction set \"%.40s\" is not one of base, avx2, avx512", name);
}

int tw__cpus_allowed(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    const int quota = tw__cpus_quota();
    int n = CPU_COUNT(&set);
    if (quota && quota < n) n = quota;
    return n < 1 ? 1 : n > 256 ? 256 : n;
}
