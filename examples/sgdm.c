/* A custom rule: the class SGDM of source 000, as its code has it. Its epsilon is added to the weight itself,
 * every step, though nothing is divided: a drift that the article does not mention.
 *     cc -c sgdm.c $(pkg-config --cflags thalweg)
 * makes tw_rule_sgdm, in float and double and for every instruction set: examples/custom_rule.c uses it.
 * SPDX-License-Identifier: MIT */
#define RULE sgdm
#define PAPER "source 000, class SGDM"
#define EQUATION "m = momentum m + g\nw = w - lr m + eps"
#define HYPER(REAL, INT, FLAG, WORD)                                        \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")                 \
    REAL(momentum, 0.9, 0, 1, TW_OPEN_MAX, "decay of the sum of gradients") \
    REAL(eps, 1e-7, 0, TW_INF, TW_OPEN_MAX, "added to every weight in every step")
#define SLOTS(SLOT) SLOT(m, TW_ZERO, 1)
#include <thalweg/rule.h>

struct coef {
    real lr, momentum, eps;
};

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.lr = now->h->lr, .momentum = now->h->momentum, .eps = now->h->eps};
}

static inline real update(real w, real g, real *m, const struct coef *k)
{
    *m = k->momentum * *m + g;
    return w - k->lr * *m + k->eps;
}

#include TW_RULE_END
