/* Rprop: each weight has a step of its own, which grows while the gradient keeps its sign and shrinks when it
 * changes. iRprop-: after a change of sign the step shrinks and the weight waits for one update.  It compares
 * signs of two gradients, so these must be of the same function: no samples.
 * SPDX-License-Identifier: MIT */
#define RULE rprop
#define PAPER "Riedmiller & Braun 1993; iRprop-: Igel & Huesken 2000"
#define USE \
    "Small problems whose whole gradient is affordable: no rate to tune, blind to the gradient's scale."
#define EQUATION                                                     \
    "d = lr and p = 0 at the start\n"                                \
    "g p > 0: d = eta_plus d;  g p < 0: d = eta_minus d and g = 0\n" \
    "d = min(max(d, step_min), step_max)\n"                          \
    "w = w - sign(g) d\n"                                            \
    "p = g"
#define HYPER(REAL, INT, FLAG, WORD)                                                                       \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "the step every weight begins with; later values play no part") \
    REAL(eta_minus, 0.5, 0, 1, TW_OPEN, "factor of the step when the gradient changes its sign")           \
    REAL(eta_plus, 1.2, 1, TW_INF, TW_OPEN, "factor of the step while the gradient keeps its sign")        \
    REAL(step_min, 1e-6, 0, TW_INF, TW_OPEN_MAX, "smallest step")                                          \
    REAL(step_max, 50, 0, TW_INF, TW_OPEN, "largest step")
#define NEEDS(NEED) NEED(step_min, h->step_min < h->step_max, "step_max, which goes first, is not above it")
#define SLOTS(SLOT)     \
    SLOT(p, TW_ZERO, 1) \
    SLOT(d, TW_OPTION(lr), 1)
#define TRAITS TW_FULL_BATCH
#define DECAY TW_DECAY_COUPLED
#define DIALECTS(DIALECT)        \
    DIALECT(torch, NULL, "", "") \
    DIALECT(optax, NULL, "",     \
            "optax makes each step one step late, and none at a change of sign: left out here")
#define SKIP
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real minus, plus, least, most;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.minus = h->eta_minus, .plus = h->eta_plus, .least = h->step_min, .most = h->step_max};
}

static inline real TW_LOCAL(limited)(real d, const struct coef *k)
{
    d = d < k->least ? k->least : d;
    return d > k->most ? k->most : d;
}

/* The sign of g times p, as g times p itself may underflow. */
static inline real update(real w, real g, real *p, real *d, const struct coef *k)
{
    real sign = g > 0 ? 1 : g < 0 ? -1 : 0, kept = sign * *p;
    *d = TW_LOCAL(limited)(*d * (kept > 0 ? k->plus : kept < 0 ? k->minus : 1), k);
    *p = kept < 0 ? 0 : g;
    return w - (kept < 0 ? 0 : sign) * *d;
}

static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    prepare(k, now);
    return steps > 0 && TW_COUPLE(now->h) == 0;
}

static inline real skip(real w, real *p, real *d, const struct coef *k)
{
    *p = 0;
    *d = TW_LOCAL(limited)(*d, k);
    return w;
}

#include TW_RULE_END
