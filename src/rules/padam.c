/* Padam: AMSGrad whose divisor is raised to a power between sgd's 0 and Adam's 1/2.  As the authors' code,
 * which adds eps to the root and corrects the bias (by Adam's factor, whatever the power); Algorithm 1 has
 * neither (padam@paper).
 * SPDX-License-Identifier: MIT */
#define RULE padam
#define PAPER "Chen et al. 2018, \"Closing the generalization gap of adaptive gradient methods\", Algorithm 1"
#define USE \
    "Image networks where adam is fast but ends worse than sgd: takes rates like sgd's, with a step schedule."
#define EQUATION                                                                                   \
    "m = beta1 m + (1 - beta1) g\n"                                                                \
    "v = beta2 v + (1 - beta2) g^2\n"                                                              \
    "x = max(x, v)\n"                                                                              \
    "[bias_correction] w = w - lr sqrt(1 - beta2^t)/(1 - beta1^t) m/(sqrt(x) + eps)^(2 partial)\n" \
    "[!bias_correction] w = w - lr m/(sqrt(x) + eps)^(2 partial)"
#define HYPER(REAL, INT, FLAG, WORD)                                                                    \
    REAL(lr, 0.1, 0, TW_INF, TW_OPEN_MAX, "learning rate")                                              \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")                                   \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient")                         \
    REAL(partial, 0.125, 0, 0.5, TW_OPEN_MIN,                                                           \
         "power of the mean squared gradient in the divisor: 1/2 is amsgrad, near 0 sgd with momentum") \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                                 \
    FLAG(bias_correction, 1, "as in adam")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1) \
    SLOT(x, TW_ZERO, 1)
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT) DIALECT(paper, NULL, "eps=0,bias_correction=0", "")
#define AVX512
#include <thalweg/rule.h>
#include "math/elementary.h"

struct coef {
    real beta1, rest1, beta2, rest2, step, eps, power;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    double unbias = h->bias_correction
                        ? __builtin_sqrt(1 - tw_pow_n(h->beta2, now->t)) / (1 - tw_pow_n(h->beta1, now->t))
                        : 1;
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .step = h->lr * unbias,
                       .eps = h->eps,
                       .power = -2 * h->partial};
}

/* Divided by the power, as a multiplication by its reciprocal; where the divisor is 0, m is 0 too. */
static inline real update(real w, real g, real *m, real *v, real *x, const struct coef *k)
{
    *m = k->beta1 * *m + k->rest1 * g;
    *v = k->beta2 * *v + k->rest2 * g * g;
    *x = real_max(*x, *v);
    real divisor = real_sqrt(*x) + k->eps;
    return w - k->step * *m * TW_TYPED(tw__exp)(k->power * TW_TYPED(tw__log)(divisor == 0 ? 1 : divisor));
}

#include TW_RULE_END
