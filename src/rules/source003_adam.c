/* Adam as source 003 prints it, steps 6 and 7 taken literally: epsilon inside the root, and what is Adam's
 * whole step is multiplied by the gradient once more, which makes every step while the gradient keeps its
 * sign go downward in w, whatever that sign is. Not Adam: for comparison.
 * SPDX-License-Identifier: MIT */
#define RULE source003_adam
#define NAME "source003-adam"
#define PAPER "source 003, Adam, steps 6 and 7; not standard: multiplies the step by the gradient"
#define USE "To see what the source's steps do; what it means is adam:eps_place=in."
#define EQUATION                      \
    "m = beta1 m + (1 - beta1) g\n"   \
    "v = beta2 v + (1 - beta2) g^2\n" \
    "m^ = m/(1 - beta1^t)\n"          \
    "v^ = v/(1 - beta2^t)\n"          \
    "w = w - lr m^/sqrt(v^ + eps) g"
#define HYPER(REAL, INT, FLAG, WORD)                                            \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate")                    \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")           \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient") \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1)
#include <thalweg/rule.h>

struct coef {
    real beta1, rest1, beta2, rest2, step, unbias2, eps;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .step = h->lr / (1 - tw_pow_n(h->beta1, now->t)),
                       .unbias2 = 1 / (1 - tw_pow_n(h->beta2, now->t)),
                       .eps = h->eps};
}

static inline real update(real w, real g, real *m, real *v, const struct coef *k)
{
    *m = k->beta1 * *m + k->rest1 * g;
    *v = k->beta2 * *v + k->rest2 * g * g;
    return w - real_ratio(k->step * *m, real_sqrt(*v * k->unbias2 + k->eps)) * g;
}

#include TW_RULE_END
