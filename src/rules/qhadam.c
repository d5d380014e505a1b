/* QHAdam: Adam with both means mixed with the newest gradient and its square, as qhm does with momentum.  nu1
 * = nu2 = 1 is adam.
 * SPDX-License-Identifier: MIT */
#define RULE qhadam
#define PAPER "Ma & Yarats 2019 (QHAdam)"
#define USE "As adam, with a longer mean gradient; nu2 a little below 1 tames outliers."
#define EQUATION                                             \
    "m = beta1 m + (1 - beta1) g,  m^ = m/(1 - beta1^t)\n"   \
    "v = beta2 v + (1 - beta2) g^2,  v^ = v/(1 - beta2^t)\n" \
    "w = w - lr ((1 - nu1) g + nu1 m^) / (sqrt((1 - nu2) g^2 + nu2 v^) + eps)"
#define HYPER(REAL, INT, FLAG, WORD)                                                   \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate")                           \
    REAL(beta1, 0.995, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")                \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient")        \
    REAL(nu1, 0.7, 0, 1, TW_CLOSED, "share of the mean gradient in the step")          \
    REAL(nu2, 1, 0, 1, TW_CLOSED, "share of the mean squared gradient under the root") \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")
#define NEEDS(NEED)                                       \
    NEED(beta1, h->nu1 != 0, "nu1 is 0")                  \
    NEED(beta2, h->nu2 != 0, "nu2 is 0")                  \
    NEED(nu1, h->beta1 != 0 || h->nu1 == 0, "beta1 is 0") \
    NEED(nu2, h->beta2 != 0 || h->nu2 == 0, "beta2 is 0")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1)
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT) DIALECT(paper, NULL, "", "")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real beta1, rest1, beta2, rest2, from_g, from_m, from_square, from_v, eps;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .from_g = h->lr * (1 - h->nu1),
                       .from_m = h->lr * h->nu1 / (1 - tw_pow_n(h->beta1, now->t)),
                       .from_square = 1 - h->nu2,
                       .from_v = h->nu2 / (1 - tw_pow_n(h->beta2, now->t)),
                       .eps = h->eps};
}

static inline real update(real w, real g, real *m, real *v, const struct coef *k)
{
    real square = g * g;
    *m = k->beta1 * *m + k->rest1 * g;
    *v = k->beta2 * *v + k->rest2 * square;
    return w - real_ratio(k->from_g * g + k->from_m * *m,
                          real_sqrt(k->from_square * square + k->from_v * *v) + k->eps);
}

#include TW_RULE_END
