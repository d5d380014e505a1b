/* Reports the mean of the weights after all steps so far.
 * SPDX-License-Identifier: MIT */
#define RULE polyak
#define PAPER "Polyak & Juditsky 1992; Ruppert 1988"
#define USE \
    "Convex problems with a constant or slowly falling rate: the mean converges where the iterates only jitter."
#define EQUATION                          \
    "a = a + (w - a)/max(1, t - start)\n" \
    "reported: a"
#define HYPER(REAL, INT, FLAG, WORD) INT(start, 0, 0, TW_STEPS, "steps before the mean begins")
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
    uint64_t start = (uint64_t)now->h->start;
    *k = (struct coef){.share = now->t > start ? 1 / (double)(now->t - start) : 1};
}

static inline real update(real w, real shown, real *a, const struct coef *k)
{
    *a = k->share == 1 ? shown : *a + k->share * (shown - *a);
    return w;
}

static void prepare_view(struct coef *k, const struct moment *now)
{
    (void)now;
    *k = (struct coef){.share = 0};
}

static inline real view(real w, real *a, const struct coef *k)
{
    (void)w, (void)k;
    return *a;
}

#include TW_RULE_END
