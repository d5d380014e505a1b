/* MADGRAD: dual averaging, whose weights are always the start less one sum of gradients, divided by the cube
 * root of the sum of their squares; both sums weigh step t by lr sqrt(t).  The authors' code adds eps to lr
 * as well, which Algorithm 1 does not have: here lr is lr.
 * SPDX-License-Identifier: MIT */
#define RULE madgrad
#define PAPER "Defazio & Jelassi 2021, Algorithm 1"
#define USE \
    "Where sgd does better than adam or the other way round and you do not know which; sparse problems; takes little or no weight decay."
#define EQUATION                                              \
    "s = s + lr sqrt(t) g\n"                                  \
    "v = v + lr sqrt(t) g^2\n"                                \
    "z = o - s/(cbrt(v) + eps), o the weights at the start\n" \
    "[momentum=0] w = z\n"                                    \
    "[momentum!=0] w = momentum w + (1 - momentum) z"
#define HYPER(REAL, INT, FLAG, WORD)                                              \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")                       \
    REAL(momentum, 0.9, 0, 1, TW_OPEN_MAX, "share of the old weights in the new") \
    REAL(eps, 1e-6, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")
#define NEEDS(NEED)                                    \
    NEED(wd_mode, h->momentum != 0 || h->wd_mode == 0, \
         "momentum is 0 and the new weights do not come from the old ones")
#define SLOTS(SLOT)     \
    SLOT(s, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1) \
    SLOT(o, TW_WEIGHT, 1)
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)        \
    DIALECT(paper, NULL, "", "") \
    DIALECT(optax, NULL, "", "adds eps to lr: give lr + eps here; lr has no default there")
#define AVX512
#include <thalweg/rule.h>
#include "math/elementary.h"

struct coef {
    real weight, share, eps;
};

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.weight = now->h->lr * __builtin_sqrt((double)now->t),
                       .share = 1 - now->h->momentum,
                       .eps = now->h->eps};
}

static inline real update(real w, real g, real *s, real *v, real *o, const struct coef *k)
{
    *s = *s + k->weight * g;
    *v = *v + k->weight * g * g;
    real z = *o - real_ratio(*s, TW_TYPED(tw__cbrt)(*v) + k->eps);
    return w + k->share * (z - w);
}

#include TW_RULE_END
