/* Schedule-free AdamW: schedule_free_sgd with Adam's divisor in z's step.  weight_decay is that of y, where
 * the gradient is taken, and goes into z past the divisor: an option of its own, as no mode of the other
 * rules' decay is this.  Why x is kept is said in schedule_free_sgd.c.
 * SPDX-License-Identifier: MIT */
#define RULE schedule_free_adamw
#define NAME "schedule-free-adamw"
#define PAPER "Defazio et al. 2024, \"The road less scheduled\", Algorithm 1"
#define USE \
    "As adamw when the length of a run is not known beforehand; a warm-up helps, a decaying rate does not."
#define EQUATION                                                                                           \
    "v = beta2 v + (1 - beta2) g^2\n"                                                                      \
    "[weight_decay=0] z = z - lr g/(sqrt(v/(1 - beta2^t)) + eps)\n"                                        \
    "[weight_decay!=0] z = z - lr (g/(sqrt(v/(1 - beta2^t)) + eps) + weight_decay w)\n"                    \
    "[lr_power=0] x = (1 - c) x + c z,  c = 1/t\n"                                                         \
    "[lr_power!=0] x = (1 - c) x + c z,  c = a_t/(a_1 + ... + a_t),  a_t = (largest lr so far)^lr_power\n" \
    "w = beta1 x + (1 - beta1) z,  where the next g is taken; x is reported, x and z start as w"
#define HYPER(REAL, INT, FLAG, WORD)                                                         \
    REAL(lr, 0.0025, 0, TW_INF, TW_OPEN_MAX, "learning rate; constant, or with a warm-up")   \
    REAL(beta1, 0.9, 0, 1, TW_CLOSED, "where between z (0) and x (1) the gradient is taken") \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient")              \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                      \
    REAL(lr_power, 0, 0, TW_INF, TW_OPEN_MAX,                                                \
         "weigh the steps in x by the largest rate so far to this power; 0: all alike")      \
    REAL(weight_decay, 0, 0, TW_INF, TW_OPEN_MAX,                                            \
         "z moves by lr * weight_decay * w, w being where g was taken")
#define ALIASES(ALIAS) ALIAS(weight_lr_power, lr_power)
#define SLOTS(SLOT)       \
    SLOT(z, TW_WEIGHT, 1) \
    SLOT(x, TW_WEIGHT, 1) \
    SLOT(v, TW_ZERO, 1)
#define SCALARS(SCALAR) \
    SCALAR(largest, 0)  \
    SCALAR(sum, 0)
#define DIALECTS(DIALECT)                                                                    \
    DIALECT(paper, NULL, "lr_power=2",                                                       \
            "Algorithm 1 weighs by the squared rate, which matters during its warm-up only") \
    DIALECT(optax, NULL, "lr_power=2", "")
#define VIEW
#define SKIP
#define AVX512
#include <thalweg/rule.h>
#include "rules/schedule_free.h"

struct coef {
    real beta2, rest2, lr, pull, unbias2, eps, share, ahead, fade;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .lr = h->lr,
                       .pull = h->lr * h->weight_decay,
                       .eps = h->eps,
                       .unbias2 = __builtin_sqrt(1 / (1 - tw_pow_n(h->beta2, now->t))),
                       .ahead = now->next->beta1,
                       .share =
                           tw__schedule_free_share(h->lr, h->lr_power, &now->kept->largest, &now->kept->sum)};
}

static inline real update(real y, real g, real *z, real *x, real *v, const struct coef *k)
{
    *v = k->beta2 * *v + k->rest2 * g * g;
    *z = *z - (real_ratio(k->lr * g, real_sqrt(*v) * k->unbias2 + k->eps) + k->pull * y);
    *x = *x + k->share * (*z - *x);
    return *z + k->ahead * (*x - *z);
}

static void prepare_view(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.ahead = now->next->beta1};
}

static inline real view(real y, real *z, real *x, real *v, const struct coef *k)
{
    (void)y, (void)z, (void)v, (void)k;
    return *x;
}

static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    double before = (double)(now->t - 1);
    *k = (struct coef){.beta2 = tw_pow_n(now->h->beta2, steps),
                       .ahead = now->next->beta1,
                       .fade = before / (before + (double)steps)};
    return now->t > 1 && now->h->lr_power == 0 && now->h->weight_decay == 0;
}

static inline real skip(real y, real *z, real *x, real *v, const struct coef *k)
{
    (void)y;
    *v = k->beta2 * *v;
    *x = *z + k->fade * (*x - *z);
    return *z + k->ahead * (*x - *z);
}

#include TW_RULE_END
