/* AdaBelief: Adam that divides by how far gradients lie from their running mean, so it strides where they
 * agree. eps is added twice, as in the paper: to s, where it stays and adds up, and to the root.
 * SPDX-License-Identifier: MIT */
#define RULE adabelief
#define PAPER "Zhuang et al. 2020, Algorithm 2"
#define USE "As adam, where gradients of successive batches agree; eps matters more than elsewhere."
#define EQUATION                                  \
    "m = beta1 m + (1 - beta1) g\n"               \
    "s = beta2 s + (1 - beta2) (g - m)^2 + eps\n" \
    "w = w - lr m/(1 - beta1^t) / (sqrt(s/(1 - beta2^t)) + eps)"
#define HYPER(REAL, INT, FLAG, WORD)                                             \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate")                     \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")            \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared deviation") \
    REAL(eps, 1e-16, 0, TW_INF, TW_OPEN_MAX,                                     \
         "added to the mean squared deviation in every step, and to its root")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(s, TW_ZERO, 1)
#define DECAY TW_DECAY_ANY
#define WD_MODE 1
#define DIALECTS(DIALECT) \
    DIALECT(paper, NULL, "", "the authors' program also rectifies as radam does, unless told not to")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real beta1, rest1, beta2, rest2, eps, step, unbias2;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .eps = h->eps,
                       .step = h->lr / (1 - tw_pow_n(h->beta1, now->t)),
                       .unbias2 = __builtin_sqrt(1 / (1 - tw_pow_n(h->beta2, now->t)))};
}

static inline real update(real w, real g, real *m, real *s, const struct coef *k)
{
    *m = k->beta1 * *m + k->rest1 * g;
    real off = g - *m;
    *s = k->beta2 * *s + k->rest2 * off * off + k->eps;
    return w - real_ratio(k->step * *m, real_sqrt(*s) * k->unbias2 + k->eps);
}

#include TW_RULE_END
