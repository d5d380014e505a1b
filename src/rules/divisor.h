/* What the rules share that divide by a root and let eps_place say where eps is added.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RULES_DIVISOR_H
#define TW_RULES_DIVISOR_H

/* Adam's eps_place, in the order of its words: eps is added to the root, to the root of the uncorrected mean,
 * or inside the root. */
enum tw__eps_place { TW__EPS_OUT = 0, TW__EPS_HAT = 1, TW__EPS_IN = 2 };

/* Every place as one formula of the mean of squares v: D = sqrt(v * inner + eps_in) * outer + eps_out. */
struct tw__divisor {
    double inner, eps_in, outer, eps_out;
};

/* unbias: 1/(1 - beta^t), or 1 without bias correction. after: the part of it that v still lacks, unbias or
 * 1. */
static inline struct tw__divisor tw__divisor(enum tw__eps_place place, double eps, double after,
                                             double unbias)
{
    if (place == TW__EPS_IN) return (struct tw__divisor){.inner = after, .eps_in = eps, .outer = 1};
    return (struct tw__divisor){.inner = 1,
                                .outer = __builtin_sqrt(after),
                                .eps_out = place == TW__EPS_HAT ? eps * __builtin_sqrt(unbias) : eps};
}
#endif
