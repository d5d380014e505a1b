/* A rule for the tests: remembers the weights it started from and counts its steps; both kinds of state that no shipped rule combines.
 * SPDX-License-Identifier: MIT */
#define RULE anchor
#define PAPER "none"
#define EQUATION "w = w - lr g - pull steps (w - a), a the first w"
#define HYPER(REAL, INT, FLAG, WORD)                             \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")      \
    REAL(pull, 0.001, 0, 1, TW_CLOSED, "back to the start")
#define SLOTS(SLOT) SLOT(a, TW_WEIGHT, 1)
#define SCALARS(SCALAR) SCALAR(steps, 0)
#include <thalweg/rule.h>

struct coef { real lr, pull; };

static void prepare(struct coef *k, const struct moment *now)
{
    now->kept->steps += 1;
    *k = (struct coef){.lr = now->h->lr, .pull = now->h->pull * now->kept->steps};
}

static inline real update(real w, real g, real *a, const struct coef *k) { return w - k->lr * g - k->pull * (w - *a); }

#include TW_RULE_END
