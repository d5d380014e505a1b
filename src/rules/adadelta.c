/* Adadelta: steps in the unit of the weights, from running means of squared gradients and squared steps; no
 * learning rate is needed. Zeiler's equation has the minus sign that source 004 lost; lr multiplies the step
 * after its square was taken, as in every library.
 * SPDX-License-Identifier: MIT */
#define RULE adadelta
#define PAPER "Zeiler 2012, Algorithm 1"
#define USE "When no learning rate is to be tuned; slow to start."
#define EQUATION                          \
    "s = rho s + (1 - rho) g^2\n"         \
    "x = sqrt(d + eps)/sqrt(s + eps) g\n" \
    "d = rho d + (1 - rho) x^2\n"         \
    "w = w - lr x"
#define HYPER(REAL, INT, FLAG, WORD)                                                   \
    REAL(lr, 1, 0, TW_INF, TW_OPEN_MAX, "factor of the step; 1 is the paper's method") \
    REAL(rho, 0.95, 0, 1, TW_OPEN_MAX, "decay of both running means")                  \
    REAL(eps, 1e-6, 0, TW_INF, TW_OPEN_MAX, "what the first steps are made of")
#define SLOTS(SLOT)     \
    SLOT(s, TW_ZERO, 1) \
    SLOT(d, TW_ZERO, 1)
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)                                                                   \
    DIALECT(paper, NULL, "", "")                                                            \
    DIALECT(torch, NULL, "rho=0.9", "")                                                     \
    DIALECT(keras, NULL, "lr=0.001,eps=1e-7,wd_mode=lr",                                    \
            "lr = 0.001 takes away the scale the method finds for itself: it hardly moves") \
    DIALECT(keras2, NULL, "eps=1e-7", "")                                                   \
    DIALECT(tf2, NULL, "lr=0.001,eps=1e-7", "lr as in keras")                               \
    DIALECT(optax, NULL, "rho=0.9", "lr has no default there")                              \
    DIALECT(                                                                                \
        source004, NULL, "",                                                                \
        "(4.17) to (4.19) are printed without the minus sign, against its own text; the minus is kept here")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real lr, rho, rest, eps;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.lr = h->lr, .rho = h->rho, .rest = 1 - h->rho, .eps = h->eps};
}

static inline real update(real w, real g, real *s, real *d, const struct coef *k)
{
    *s = k->rho * *s + k->rest * g * g;
    real x = real_sqrt(real_ratio(*d + k->eps, *s + k->eps)) * g;
    *d = k->rho * *d + k->rest * x * x;
    return w - k->lr * x;
}

#include TW_RULE_END
