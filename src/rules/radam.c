/* RAdam: Adam whose steps are scaled down while the mean square rests on few gradients; while it rests on too
 * few, momentum without it. Departure from the paper, as in PyTorch: the limit is 5, not 4, and an epsilon is
 * added to the root of the uncorrected v.
 * SPDX-License-Identifier: MIT */
#define RULE radam
#define PAPER "Liu et al. 2020, Algorithm 2"
#define USE "As adam, where training is unstable at first: it warms up by itself."
#define EQUATION                                                                                \
    "m = beta1 m + (1 - beta1) g\n"                                                             \
    "v = beta2 v + (1 - beta2) g^2\n"                                                           \
    "R = 2/(1 - beta2) - 1,  r = R - 2 t beta2^t/(1 - beta2^t)\n"                               \
    "[eps_place=hat] D = (sqrt(v) + eps)/sqrt(1 - beta2^t)\n"                                   \
    "[eps_place=out] D = sqrt(v/(1 - beta2^t)) + eps\n"                                         \
    "r > threshold: w = w - lr sqrt((r - 4)(r - 2) R/((R - 4)(R - 2) r)) m/(1 - beta1^t) / D\n" \
    "otherwise: w = w - lr m/(1 - beta1^t)"
#define HYPER(REAL, INT, FLAG, WORD)                                                                      \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate")                                              \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")                                     \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient")                           \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                                   \
    WORD(eps_place, 1, "out hat", "where eps is added: to the root, or to the root of the uncorrected v") \
    REAL(threshold, 5, 4, TW_INF, TW_OPEN_MAX,                                                            \
         "the root of v divides once v rests on more than so many squares")
#define NEEDS(NEED) NEED(eps_place, h->eps != 0, "eps is 0")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1)
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)                         \
    DIALECT(paper, NULL, "eps=0,threshold=4", "") \
    DIALECT(torch, NULL, "", "")                  \
    DIALECT(optax, NULL, "eps_place=out", "")
#define AVX512
#include "rules/divisor.h"
#include <thalweg/rule.h>

struct coef {
    real beta1, rest1, beta2, rest2, step, root, plus;
};

/* D = root sqrt(v) + plus; without division root is 0 and plus 1. */
static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    double power = tw_pow_n(h->beta2, now->t), R = 2 / (1 - h->beta2) - 1,
           r = R - 2 * (double)now->t * power / (1 - power);
    double step = h->lr / (1 - tw_pow_n(h->beta1, now->t)), unbias2 = 1 / (1 - power);
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .step = step,
                       .plus = 1};
    if (!(r > h->threshold)) return;
    k->step = step * __builtin_sqrt((r - 4) * (r - 2) * R / ((R - 4) * (R - 2) * r));
    const struct tw__divisor d = tw__divisor((enum tw__eps_place)h->eps_place, h->eps, unbias2, unbias2);
    k->root = d.outer;
    k->plus = d.eps_out;
}

static inline real update(real w, real g, real *m, real *v, const struct coef *k)
{
    *m = k->beta1 * *m + k->rest1 * g;
    *v = k->beta2 * *v + k->rest2 * g * g;
    return w - real_ratio(k->step * *m, k->root * real_sqrt(*v) + k->plus);
}

#include TW_RULE_END
