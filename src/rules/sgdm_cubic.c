/* Momentum with a cubic pull towards a running mean of the weights, as the first of our sources prints it
 * under the name SGDM.  The printed formula has theta on both sides and needs the unknown minimiser; this is
 * its explicit reading, with the theta before the step for both.
 * SPDX-License-Identifier: MIT */
#define RULE sgdm_cubic
#define NAME "sgdm-cubic"
#define PAPER "Source 000, the formula of its SGDM read explicitly; no paper is known"
#define USE \
    "Only to see what the source's formula does: where the mean of a weight crosses 0 the cubic term has a pole."
#define EQUATION                                      \
    "v = momentum v + g\n"                            \
    "w = (1 - beta) w + beta theta, from w = theta\n" \
    "theta = w - lr v - alpha (theta - w)^3/w"
#define HYPER(REAL, INT, FLAG, WORD)                                                      \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")                               \
    REAL(momentum, 0.9, 0, TW_INF, TW_OPEN_MAX, "decay of the buffer of gradients")       \
    REAL(beta, 0.9, 0, 1, TW_CLOSED, "share of the newest weights in their running mean") \
    REAL(alpha, 0.01, 0, TW_INF, TW_OPEN_MAX, "strength of the cubic term")
#define SLOTS(SLOT)     \
    SLOT(v, TW_ZERO, 1) \
    SLOT(w, TW_WEIGHT, 1)
#define DIALECTS(DIALECT) \
    DIALECT(source000, NULL, "", "not standard: implicit in theta as printed, and singular at w = 0")
#define NARROW
#include <thalweg/rule.h>

struct coef {
    real lr, momentum, beta, alpha;
};

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.lr = now->h->lr,
                       .momentum = now->h->momentum,
                       .beta = now->h->beta,
                       .alpha = now->h->alpha};
}

/* w + beta (theta - w), not (1 - beta) w + beta theta: what stands still stays where it is, to the bit. */
static inline real update(real theta, real g, real *v, real *w, const struct coef *k)
{
    *v = k->momentum * *v + g;
    *w = *w + k->beta * (theta - *w);
    real off = theta - *w;
    return *w - k->lr * *v - real_ratio(k->alpha * (off * off * off), *w);
}

#include TW_RULE_END
