/* AdaGrad as source 002 prints it (3.3): it is the sum of all gradients, c, whose squares are summed and
 * which is stepped along, and there is no epsilon (0/0 is 0). Not AdaGrad: for comparison.
 * SPDX-License-Identifier: MIT */
#define RULE source002_adagrad
#define NAME "source002-adagrad"
#define PAPER "source 002, 3.3; not standard: sums the gradients as well as the squares"
#define USE "To see what the source's formula does; otherwise adagrad."
#define EQUATION    \
    "c = c + g\n"   \
    "s = s + c^2\n" \
    "w = w - lr c/sqrt(s)"
#define HYPER(REAL, INT, FLAG, WORD) REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")
#define SLOTS(SLOT)     \
    SLOT(c, TW_ZERO, 1) \
    SLOT(s, TW_ZERO, 1)
#include <thalweg/rule.h>

struct coef {
    real lr;
};

static void prepare(struct coef *k, const struct moment *now) { *k = (struct coef){.lr = now->h->lr}; }

static inline real update(real w, real g, real *c, real *s, const struct coef *k)
{
    *c = g + *c;
    *s += *c * *c;
    return w - real_ratio(k->lr * *c, real_sqrt(*s));
}

#include TW_RULE_END
