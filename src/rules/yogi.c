/* Yogi: Adam whose mean square moves towards the newest square by a share of that square, not of the
 * difference, so that it cannot fall fast. The paper has no bias correction; every library has. Their start
 * of 1e-6, for m as well, moves weights that never see a gradient.
 * SPDX-License-Identifier: MIT */
#define RULE yogi
#define PAPER "Zaheer et al. 2018, Algorithm 2"
#define USE "As adam, where adam's steps grow too fast: sparse gradients with rare large ones."
#define EQUATION                                                                     \
    "m = beta1 m + (1 - beta1) g\n"                                                  \
    "v = v - (1 - beta2) sign(v - g^2) g^2\n"                                        \
    "[bias_correction] w = w - lr m/(1 - beta1^t) / (sqrt(v/(1 - beta2^t)) + eps)\n" \
    "[!bias_correction] w = w - lr m/(sqrt(v) + eps)\n"                              \
    "[initial_accumulator] m and v begin with initial_accumulator"
#define HYPER(REAL, INT, FLAG, WORD)                                                                       \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")                                                \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")                                      \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "1 - beta2 of the newest square is added to v or taken from it") \
    REAL(eps, 1e-3, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                                    \
    FLAG(bias_correction, 1, "divide m and v by 1 - beta^t")                                               \
    REAL(initial_accumulator, 0, 0, TW_INF, TW_OPEN_MAX, "what m and v begin with")
#define SLOTS(SLOT)                            \
    SLOT(m, TW_OPTION(initial_accumulator), 1) \
    SLOT(v, TW_OPTION(initial_accumulator), 1)
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)                            \
    DIALECT(paper, NULL, "bias_correction=0", "")    \
    DIALECT(optax, NULL, "initial_accumulator=1e-6", \
            "m begins there too, so weights without a gradient drift a little")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real beta1, rest1, rest2, step, unbias2, eps;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    double unbias1 = h->bias_correction ? 1 / (1 - tw_pow_n(h->beta1, now->t)) : 1;
    double unbias2 = h->bias_correction ? 1 / (1 - tw_pow_n(h->beta2, now->t)) : 1;
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .rest2 = 1 - h->beta2,
                       .step = h->lr * unbias1,
                       .unbias2 = __builtin_sqrt(unbias2),
                       .eps = h->eps};
}

static inline real update(real w, real g, real *m, real *v, const struct coef *k)
{
    real square = g * g, more = k->rest2 * square;
    *m = k->beta1 * *m + k->rest1 * g;
    *v -= *v > square ? more : *v < square ? -more : 0;
    return w - real_ratio(k->step * *m, real_sqrt(*v) * k->unbias2 + k->eps);
}

#include TW_RULE_END
