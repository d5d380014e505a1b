/* Stochastic weight averaging: from step `start` on, every `every` steps the weights enter an equal mean,
 * which is what is reported once it has begun.
 * SPDX-License-Identifier: MIT */
#define RULE swa
#define PAPER "Izmailov et al. 2018, Algorithm 1"
#define USE "The last quarter of a run with a high or cyclical rate: wider minima, better on test data."
#define EQUATION                                                                             \
    "where t >= start and t - start is a multiple of every: n = n + 1,  a = a + (w - a)/n\n" \
    "reported: a once n > 0, w before"
#define HYPER(REAL, INT, FLAG, WORD)                                      \
    INT(start, 1, 1, TW_STEPS, "first step whose weights enter the mean") \
    INT(every, 1, 1, TW_STEPS, "steps from one to the next; an epoch or a cycle of the schedule")
#define ALIASES(ALIAS) ALIAS(swa_start, start) ALIAS(c, every)
#define SLOTS(SLOT) SLOT(a, TW_ZERO, 1)
#define PLACE TW_ON_WEIGHTS
#define VIEW
#define NARROW
#include <thalweg/rule.h>

struct coef {
    real share;
};

static void prepare(struct coef *k, const struct moment *now)
{
    uint64_t start = (uint64_t)now->h->start, every = (uint64_t)now->h->every;
    *k = (struct coef){.share = now->t >= start && (now->t - start) % every == 0
                                    ? 1 / (double)((now->t - start) / every + 1)
                                    : 0};
}

static inline real update(real w, real shown, real *a, const struct coef *k)
{
    *a = k->share == 1 ? shown : *a + k->share * (shown - *a);
    return w;
}

static void prepare_view(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.share = now->t >= (uint64_t)now->h->start};
}

static inline real view(real w, real *a, const struct coef *k) { return k->share != 0 ? *a : w; }

#include TW_RULE_END
