/* What the CPU can do, and the floating-point mode of our computing code.
 * SPDX-License-Identifier: MIT */
#ifndef TW_BASE_CPU_H
#define TW_BASE_CPU_H
#include <stdint.h>

/* CPUs this process may run on, by affinity and quota, at least 1 */
int tw__cpus_allowed(void);
/* CPUs by the quota of the process's control groups, rounded up; 0: none is set. groups: the lines of
 * /proc/self/cgroup; root: where the control groups are mounted. */
int tw__cpus_quota(void);
int tw__cpus_of_quota(const char *root, const char *groups);

/* Every call that computes, and every worker of the pool, runs with round to nearest and flush to zero: a
 * first moment that decays into subnormals would make Adam 25 times slower for ever.  The caller's mode comes
 * back on return and around its callbacks. */
typedef uint32_t tw__fp_mode;
#if defined(__x86_64__)
static inline tw__fp_mode tw__fp_enter(void)
{
    uint32_t was, ours = 0x1F80u | 0x8040u; /* all exceptions masked, nearest; FTZ and DAZ */
    __asm__ volatile("stmxcsr %0" : "=m"(was));
    __asm__ volatile("ldmxcsr %0" : : "m"(ours) : "memory");
    return was;
}
static inline void tw__fp_leave(tw__fp_mode was) { __asm__ volatile("ldmxcsr %0" : : "m"(was) : "memory"); }
/* The CPU remembers that a result was too large, or was no number, until it is told to forget: that is asked
 * once per range of a step, and costs the step nothing. */
enum { TW__FP_INVALID = 1, TW__FP_DIVIDED = 4 /* by 0 */, TW__FP_OVERFLOW = 8 };
static inline void tw__fp_watch(void) { (void)tw__fp_enter(); }
static inline unsigned tw__fp_flags(void)
{
    uint32_t now;
    __asm__ volatile("stmxcsr %0" : "=m"(now) : : "memory");
    return now & (TW__FP_INVALID | TW__FP_DIVIDED | TW__FP_OVERFLOW);
}
#else
static inline tw__fp_mode tw__fp_enter(void) { return 0; }
static inline void tw__fp_leave(tw__fp_mode was) { (void)was; }
static inline void tw__fp_watch(void) {}
static inline unsigned tw__fp_flags(void) { return TW__FP_INVALID; } /* unknown: all is looked at */
#endif
/* In a loop that waits for another thread. */
static inline void tw__relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}
#endif
