/* A rule for the tests: of a kind that needs sums first; it steps along the gradient over the norm of each
 * tensor's.
 * SPDX-License-Identifier: MIT */
#define RULE norms
#define PAPER "none"
#define EQUATION "w = w - lr g/|g|"
#define HYPER(REAL, INT, FLAG, WORD) REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")
#define SUMS(SUM) SUM(squares)
#define SCOPE TW_PER_TENSOR
#include <thalweg/rule.h>

struct coef {
    real lr;
};

static void prepare(struct coef *k, const struct moment *now) { *k = (struct coef){.lr = now->h->lr}; }

static inline void measure(struct sums *to, real w, real g, const struct coef *k)
{
    (void)w, (void)k;
    to->squares = (double)g * (double)g;
}

static void settle(struct coef *k, const struct moment *now)
{
    if (now->measured->squares > 0) k->lr = now->h->lr / __builtin_sqrt(now->measured->squares);
}

static inline real update(real w, real g, const struct coef *k) { return w - k->lr * g; }

#include TW_RULE_END
