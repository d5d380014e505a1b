/* Adan: Adam with Nesterov's look-ahead, estimated from the differences of successive gradients.  The betas
 * are the paper's, weights of what is new; the authors' program has 1 minus these.  Departures from Algorithm
 * 1, as in that program: means are corrected for their start, eps is added to the root, and the first
 * difference is 0.
 * SPDX-License-Identifier: MIT */
#define RULE adan
#define PAPER "Xie et al. 2022, Algorithm 1, as the authors' program has it"
#define USE "Large batches and long training of networks; four numbers kept per weight."
#define EQUATION                                          \
    "d = g - p (0 at t = 1),  p = g\n"                    \
    "m = (1 - beta1) m + beta1 g\n"                       \
    "v = (1 - beta2) v + beta2 d\n"                       \
    "n = (1 - beta3) n + beta3 (g + (1 - beta2) d)^2\n"   \
    "m', v', n': each divided by 1 - (1 - beta)^t\n"      \
    "w = w - lr (m' + (1 - beta2) v')/(sqrt(n') + eps)\n" \
    "[weight_decay] w = w/(1 + lr weight_decay)"
#define HYPER(REAL, INT, FLAG, WORD)                                                                         \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate")                                                 \
    REAL(beta1, 0.02, 0, 1, TW_OPEN_MIN, "weight of the newest gradient in m (1 minus that of other rules)") \
    REAL(beta2, 0.08, 0, 1, TW_OPEN_MIN, "weight of the newest difference in v")                             \
    REAL(beta3, 0.01, 0, 1, TW_OPEN_MIN, "weight of the newest square in n")                                 \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                                      \
    REAL(weight_decay, 0, 0, TW_INF, TW_OPEN_MAX,                                                            \
         "pulls the weights towards 0: after the step they are divided by 1 + lr weight_decay")
#define SLOTS(SLOT)     \
    SLOT(p, TW_ZERO, 1) \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1) \
    SLOT(n, TW_ZERO, 1)
#define DIALECTS(DIALECT) \
    DIALECT(paper, NULL, "", "with the authors' corrections, which Algorithm 1 does not have")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real later, beta1, rest1, beta2, rest2, beta3, rest3, from_m, from_v, unbias3, eps, shrink;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    double decay = h->lr * h->weight_decay;
    *k = (struct coef){.later = now->t > 1,
                       .beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .beta3 = h->beta3,
                       .rest3 = 1 - h->beta3,
                       .from_m = h->lr / (1 - tw_pow_n(1 - h->beta1, now->t)),
                       .from_v = h->lr * (1 - h->beta2) / (1 - tw_pow_n(1 - h->beta2, now->t)),
                       .unbias3 = __builtin_sqrt(1 / (1 - tw_pow_n(1 - h->beta3, now->t))),
                       .eps = h->eps,
                       .shrink = decay / (1 + decay)};
}

static inline real update(real w, real g, real *p, real *m, real *v, real *n, const struct coef *k)
{
    real d = k->later * (g - *p), ahead = g + k->rest2 * d;
    *p = g;
    *m = k->rest1 * *m + k->beta1 * g;
    *v = k->rest2 * *v + k->beta2 * d;
    *n = k->rest3 * *n + k->beta3 * ahead * ahead;
    w -= real_ratio(k->from_m * *m + k->from_v * *v, real_sqrt(*n) * k->unbias3 + k->eps);
    return w - k->shrink * w;
}

#include TW_RULE_END
