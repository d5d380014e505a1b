/* Lookahead: slow weights follow the fast ones every k steps, and the fast ones go back to them. The rule's
 * own state continues. Of a rule that reports other weights than it stores, the reported ones are followed
 * and the stored ones moved as far.
 * SPDX-License-Identifier: MIT */
#define RULE lookahead
#define PAPER "Zhang, Lucas, Hinton & Ba 2019, Algorithm 1"
#define USE "Around sgd or adam, to lessen the noise of their last steps and the need of tuning."
#define EQUATION "where t is a multiple of k: slow = slow + alpha (w - slow),  w = slow"
#define HYPER(REAL, INT, FLAG, WORD)                          \
    INT(k, 5, 1, TW_STEPS, "steps from one look to the next") \
    REAL(alpha, 0.5, 0, 1, TW_OPEN_MIN, "share of the way that the slow weights go")
#define ALIASES(ALIAS) ALIAS(sync_period, k) ALIAS(slow_step_size, alpha)
#define SLOTS(SLOT) SLOT(slow, TW_WEIGHT, 1)
#define PLACE TW_ON_WEIGHTS
#define NARROW
#include <thalweg/rule.h>

struct coef {
    real alpha;
    int now;
};

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.alpha = now->h->alpha, .now = now->t % (uint64_t)now->h->k == 0};
}

static inline real update(real w, real shown, real *slow, const struct coef *k)
{
    if (!k->now) return w;
    *slow += k->alpha * (shown - *slow);
    return w == shown ? *slow : w + (*slow - shown);
}

#include TW_RULE_END
