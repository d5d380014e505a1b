/* AdEMAMix: Adam with a second, much slower mean of the gradient beside the first.  Over the first
 * t_alpha_beta3 steps alpha rises from 0 and beta3 from beta1, so that its half-life grows evenly.
 * SPDX-License-Identifier: MIT */
#define RULE ademamix
#define PAPER "Pagliardini, Ablin & Grangier 2024, Algorithm 1"
#define USE \
    "Long runs of large networks, tens of thousands of steps and more: old gradients still help; set t_alpha_beta3 to the run's length."
#define EQUATION                                                                                                            \
    "[t_alpha_beta3!=0] q = min(1, t/t_alpha_beta3), a = q alpha, b = min(beta3, exp(1/((1 - q)/ln beta1 + q/ln beta3)))\n" \
    "m = beta1 m + (1 - beta1) g\n"                                                                                         \
    "[t_alpha_beta3=0] s = beta3 s + (1 - beta3) g\n"                                                                       \
    "[t_alpha_beta3!=0] s = b s + (1 - b) g\n"                                                                              \
    "v = beta2 v + (1 - beta2) g^2\n"                                                                                       \
    "[t_alpha_beta3=0] w = w - lr (m/(1 - beta1^t) + alpha s) / (sqrt(v/(1 - beta2^t)) + eps)\n"                            \
    "[t_alpha_beta3!=0] w = w - lr (m/(1 - beta1^t) + a s) / (sqrt(v/(1 - beta2^t)) + eps)"
#define HYPER(REAL, INT, FLAG, WORD)                                            \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate")                    \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the fast mean gradient")      \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient") \
    REAL(beta3, 0.9999, 0, 1, TW_OPEN_MAX, "decay of the slow mean gradient")   \
    REAL(alpha, 5, 0, TW_INF, TW_OPEN_MAX, "weight of the slow mean")           \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")         \
    INT(t_alpha_beta3, 0, 0, 1e15, "steps until alpha and beta3 have their values; 0: from the start")
#define NEEDS(NEED) NEED(beta3, h->alpha != 0, "alpha is 0")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(s, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1)
#define DECAY TW_DECAY_ANY
#define WD_MODE 1
#define DIALECTS(DIALECT)        \
    DIALECT(paper, NULL, "", "") \
    DIALECT(optax, NULL, "", "alpha and beta3 are functions of the step there, constants by default")
#define AVX512
#include <thalweg/rule.h>
#include "math/elementary.h"

struct coef {
    real beta1, rest1, beta2, rest2, beta3, rest3, fast, slow, unbias2, eps;
};

/* ln(1/2)/ln b is b's half-life: its even growth is that of 1/ln b. */
TW_ONCE(static double slow_decay(double from, double to, double share) {
    double b = tw__exp_f64(1 / ((1 - share) / tw__log_f64(from) + share / tw__log_f64(to)));
    return share < 1 && b < to ? b : to;
})

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    double share = (double)now->t < h->t_alpha_beta3 ? (double)now->t / h->t_alpha_beta3 : 1;
    double beta3 = slow_decay(h->beta1, h->beta3, share);
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .beta3 = beta3,
                       .rest3 = 1 - beta3,
                       .fast = h->lr / (1 - tw_pow_n(h->beta1, now->t)),
                       .slow = h->lr * share * h->alpha,
                       .unbias2 = __builtin_sqrt(1 / (1 - tw_pow_n(h->beta2, now->t))),
                       .eps = h->eps};
}

static inline real update(real w, real g, real *m, real *s, real *v, const struct coef *k)
{
    *m = k->beta1 * *m + k->rest1 * g;
    *s = k->beta3 * *s + k->rest3 * g;
    *v = k->beta2 * *v + k->rest2 * g * g;
    return w - real_ratio(k->fast * *m + k->slow * *s, real_sqrt(*v) * k->unbias2 + k->eps);
}

#include TW_RULE_END
