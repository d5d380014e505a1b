/* Adds normal noise to the gradient, with a variance that falls with the steps. The numbers depend on seed,
 * step and weight alone.
 * SPDX-License-Identifier: MIT */
#define RULE noise
#define PAPER "Neelakantan et al. 2015, equation 1"
#define USE "Very deep or badly initialised networks, to get away from poor starts."
#define EQUATION "g = g + sqrt(eta/(1 + t)^gamma) z,  z standard normal, a new one for each weight and step"
#define HYPER(REAL, INT, FLAG, WORD)                             \
    REAL(eta, 0.01, 0, TW_INF, TW_OPEN, "variance at the start") \
    REAL(gamma, 0.55, 0, TW_INF, TW_OPEN_MAX, "how fast it falls; 0: not at all")
#define PLACE TW_ON_GRADIENT
#define NOISE
#define NARROW
#include <thalweg/rule.h>

struct coef {
    real size;
};

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.size = __builtin_sqrt(now->h->eta / tw_pow(1 + (double)now->t, now->h->gamma))};
}

static inline real update(real w, real g, const struct coef *k, real normal)
{
    (void)w;
    return g + k->size * normal;
}

#include TW_RULE_END
