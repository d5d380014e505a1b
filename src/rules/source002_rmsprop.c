/* RMSprop as source 002 prints it (3.4): the squared gradient is divided by its own running mean before it is
 * averaged once more. That quotient is near 1, so nothing is adapted: nearly plain sgd. (Its text has epsilon
 * inside the root, its formula outside.) For comparison.
 * SPDX-License-Identifier: MIT */
#define RULE source002_rmsprop
#define NAME "source002-rmsprop"
#define PAPER "source 002, 3.4; not standard: normalises the square before averaging it"
#define USE "To see what the source's formula does; otherwise rmsprop."
#define EQUATION                            \
    "e = beta e + (1 - beta) g^2\n"         \
    "r = rho r + (1 - rho) g^2/(e + eps)\n" \
    "w = w - lr g/(sqrt(r) + eps)"
#define HYPER(REAL, INT, FLAG, WORD)                                         \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate")                 \
    REAL(beta, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient") \
    REAL(rho, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean of its quotient")   \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps both divisors from 0")
#define SLOTS(SLOT)     \
    SLOT(e, TW_ZERO, 1) \
    SLOT(r, TW_ZERO, 1)
#include <thalweg/rule.h>

struct coef {
    real lr, beta, rest, rho, rest_r, eps;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.lr = h->lr,
                       .beta = h->beta,
                       .rest = 1 - h->beta,
                       .rho = h->rho,
                       .rest_r = 1 - h->rho,
                       .eps = h->eps};
}

static inline real update(real w, real g, real *e, real *r, const struct coef *k)
{
    *e = k->beta * *e + k->rest * g * g;
    *r = k->rho * *r + real_ratio(k->rest_r * g * g, *e + k->eps);
    return w - real_ratio(k->lr * g, real_sqrt(*r) + k->eps);
}

#include TW_RULE_END
