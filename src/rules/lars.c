/* LARS: momentum whose rate is set for each tensor by the norms of its weights and of its gradient (You,
 * Gitman & Ginsburg 2017, Algorithm 1). The rate is inside the velocity. Where a norm is 0, as for biases
 * that begin at 0, the ratio q is 1.
 * SPDX-License-Identifier: MIT */
#define RULE lars
#define PAPER "You, Gitman & Ginsburg 2017, Algorithm 1"
#define USE "Convolutional networks on very large batches."
#define EQUATION                                                                     \
    "for each tensor, with |x| the root of the sum of its squares:\n"                \
    "[divisor=parts] q = trust |w|/(|g| + weight_decay |w|);  1 where a norm is 0\n" \
    "[divisor=sum] q = trust |w|/|g + weight_decay w|;  1 where a norm is 0\n"       \
    "v = momentum v + lr q (g + weight_decay w)\n"                                   \
    "w = w - v"
#define HYPER(REAL, INT, FLAG, WORD)                                                                      \
    REAL(lr, 0.1, 0, TW_INF, TW_OPEN_MAX, "learning rate")                                                \
    REAL(momentum, 0.9, 0, TW_INF, TW_OPEN_MAX, "decay of the velocity")                                  \
    REAL(trust, 0.001, 0, TW_INF, TW_OPEN, "how far a step may go, as a part of the norm of the weights") \
    WORD(divisor, 0, "parts sum", "the norms of gradient and decay, added (parts), or the norm of their sum")
#define NEEDS(NEED) NEED(divisor, h->weight_decay != 0, "weight_decay is 0")
#define ALIASES(ALIAS) ALIAS(trust_coefficient, trust)
#define SLOTS(SLOT) SLOT(v, TW_ZERO, 1)
#define SUMS(SUM) SUM(weights) SUM(gradients) SUM(both)
#define SCOPE TW_PER_TENSOR
#define TRAITS TW_SUMS_OF_SQUARES
#define DECAY TW_DECAY_OWN
#define DIALECTS(DIALECT)        \
    DIALECT(paper, NULL, "", "") \
    DIALECT(optax, NULL, "divisor=sum", "")
#include <thalweg/rule.h>

struct coef {
    real momentum, rate, decay;
};

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.momentum = now->h->momentum, .rate = now->h->lr, .decay = now->h->weight_decay};
}

static inline void measure(struct sums *to, real w, real g, real v, const struct coef *k)
{
    const real both = g + k->decay * w;
    (void)v;
    to->weights = (double)w * (double)w;
    to->gradients = (double)g * (double)g;
    to->both = (double)both * (double)both;
}

static void settle(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    const struct sums *s = now->measured, *unit = now->unit;
    double w = __builtin_sqrt(s->weights) * unit->weights, g = __builtin_sqrt(s->gradients) * unit->gradients;
    double divisor = h->divisor ? __builtin_sqrt(s->both) * unit->both : g + h->weight_decay * w;
    if (w > 0 && g > 0 && divisor > 0) k->rate = h->lr * h->trust * w / divisor;
}

static inline real update(real w, real g, real *v, const struct coef *k)
{
    *v = k->momentum * *v + k->rate * (g + k->decay * w);
    return w - *v;
}

#include TW_RULE_END
