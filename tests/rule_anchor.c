/* A rule for the tests: remembers the weights it started from, counts its steps, reports the middle between
 * start and now, and has a trait and a use of the seed, none of which a shipped rule has.
 * SPDX-License-Identifier: MIT */
#define RULE anchor
#define PAPER "none"
#define EQUATION "w = w - lr g - pull steps (w - a) - kick seed, a the first w; reported (w + a)/2"
#define HYPER(REAL, INT, FLAG, WORD)                        \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate") \
    REAL(pull, 0.001, 0, 1, TW_CLOSED, "back to the start") \
    REAL(kick, 0, 0, 1, TW_CLOSED, "what noise would be")
#define SLOTS(SLOT) SLOT(a, TW_WEIGHT, 1)
#define SCALARS(SCALAR) SCALAR(steps, 0)
#define TRAITS (h->pull > 0.5 ? TW_FULL_BATCH : 0)
#define VIEW
#include <thalweg/rule.h>

struct coef {
    real lr, pull, kick;
};

static void prepare(struct coef *k, const struct moment *now)
{
    now->kept->steps += 1;
    *k = (struct coef){.lr = now->h->lr,
                       .pull = now->h->pull * now->kept->steps,
                       .kick = now->h->kick * (double)now->seed};
}

static inline real update(real w, real g, real *a, const struct coef *k)
{
    return w - k->lr * g - k->pull * (w - *a) - k->kick;
}

static void prepare_view(struct coef *k, const struct moment *now) { *k = (struct coef){.lr = now->h->lr}; }
static inline real view(real w, real *a, const struct coef *k) { return (w + *a) / 2 + 0 * k->lr; }

#include TW_RULE_END
