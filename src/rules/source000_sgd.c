/* The class SGDMOptimizer of source 000 as it is written: PyTorch's momentum, but epsilon is added to the
 * weight after every step ("to avoid a division by zero", though nothing is divided), so every weight drifts
 * upward, also without a gradient. Not standard: for comparison.
 * SPDX-License-Identifier: MIT */
#define RULE source000_sgd
#define NAME "source000-sgd"
#define PAPER "source 000, class SGDMOptimizer; not standard: adds epsilon to the weight"
#define USE "To see what the source's program does; otherwise sgd:momentum=0.9."
#define EQUATION           \
    "m = momentum m + g\n" \
    "w = w - lr m + eps"
#define HYPER(REAL, INT, FLAG, WORD)                                                \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")                         \
    REAL(momentum, 0.9, 0, TW_INF, TW_OPEN_MAX, "decay of the buffer of gradients") \
    REAL(eps, 1e-7, 0, TW_INF, TW_OPEN_MAX, "added to the weight: a drift of eps per step")
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
