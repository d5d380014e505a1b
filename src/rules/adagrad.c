/* AdaGrad: each weight's step shrinks with the squares of all the gradients it has seen (diagonal form).
 * SPDX-License-Identifier: MIT */
#define RULE adagrad
#define PAPER "Duchi, Hazan & Singer 2011, diagonal form"
#define USE "Sparse features and convex problems; its steps only shrink, so long runs stall."
#define EQUATION                                                                      \
    "[!initial_accumulator] s = s + g^2\n"                                            \
    "[initial_accumulator] s = s + g^2,  s = initial_accumulator at first\n"          \
    "[!lr_decay, eps_place=out] w = w - lr g/(sqrt(s) + eps)\n"                       \
    "[!lr_decay, eps_place=in] w = w - lr g/sqrt(s + eps)\n"                          \
    "[lr_decay, eps_place=out] w = w - lr/(1 + (t - 1) lr_decay) g/(sqrt(s) + eps)\n" \
    "[lr_decay, eps_place=in] w = w - lr/(1 + (t - 1) lr_decay) g/sqrt(s + eps)"
#define HYPER(REAL, INT, FLAG, WORD)                                                         \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")                                  \
    REAL(lr_decay, 0, 0, TW_INF, TW_OPEN_MAX, "the rate is divided by 1 + (t - 1) lr_decay") \
    REAL(eps, 1e-10, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                     \
    WORD(eps_place, 0, "out in", "eps is added to the root, or inside it")                   \
    REAL(initial_accumulator, 0, 0, TW_INF, TW_OPEN_MAX, "what the sum of squares begins with")
#define NEEDS(NEED) NEED(eps_place, h->eps != 0, "eps is 0")
#define ALIASES(ALIAS) ALIAS(decay, lr_decay)
#define SLOTS(SLOT) SLOT(s, TW_OPTION(initial_accumulator), 1)
#define TRAITS TW_ZERO_IS_NOTHING
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)                                                                            \
    DIALECT(paper, NULL, "", "eps is the paper's delta, for which it names no value")                \
    DIALECT(torch, NULL, "", "")                                                                     \
    DIALECT(keras, NULL, "lr=0.001,eps=1e-7,eps_place=in,initial_accumulator=0.1,wd_mode=lr", "")    \
    DIALECT(keras2, NULL, "eps=1e-7", "")                                                            \
    DIALECT(tf2, NULL, "lr=0.001,eps=1e-7,initial_accumulator=0.1", "")                              \
    DIALECT(optax, NULL, "eps=1e-7,eps_place=in,initial_accumulator=0.1", "lr has no default there") \
    DIALECT(source001, NULL, "eps=1e-7", "its formula has no epsilon, its code has")                 \
    DIALECT(source002, "source002-adagrad", "",                                                      \
            "sums the gradients too, not only their squares, and has no epsilon: not AdaGrad")       \
    DIALECT(source003, NULL, "eps=1e-8,eps_place=in", "epsilon inside the root; no value is named")  \
    DIALECT(source004, NULL, "eps=1e-8", "")
#include "rules/divisor.h"
#include <thalweg/rule.h>

struct coef {
    real lr, eps_in, eps_out;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    const struct tw__divisor d = tw__divisor(h->eps_place ? TW__EPS_IN : TW__EPS_OUT, h->eps, 1, 1);
    *k = (struct coef){.lr = h->lr / (1 + (double)(now->t - 1) * h->lr_decay),
                       .eps_in = d.eps_in,
                       .eps_out = d.eps_out};
}

static inline real update(real w, real g, real *s, const struct coef *k)
{
    *s += g * g;
    return w - real_ratio(k->lr * g, real_sqrt(*s + k->eps_in) + k->eps_out);
}

#include TW_RULE_END
