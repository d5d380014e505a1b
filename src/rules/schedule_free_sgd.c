/* Schedule-free SGD: the average x of the iterates z is what is reported, the gradient is taken between the
 * two, and no schedule is needed. Stored is that point, the paper's y; reported is x.  x could be had from y
 * and z, which would spare a vector, but not where momentum is 0 or a schedule takes it there, and with
 * 1/momentum times y's rounding.  So x is kept, y follows from x and z, and nothing drifts.
 * SPDX-License-Identifier: MIT */
#define RULE schedule_free_sgd
#define NAME "schedule-free-sgd"
#define PAPER "Defazio et al. 2024, \"The road less scheduled\", equations 3 to 5"
#define USE \
    "When the length of a run is not known beforehand: as good as sgd with a schedule made for it, at every moment."
#define EQUATION                                                                                           \
    "z = z - lr g\n"                                                                                       \
    "[lr_power=0] x = (1 - c) x + c z,  c = 1/t\n"                                                         \
    "[lr_power!=0] x = (1 - c) x + c z,  c = a_t/(a_1 + ... + a_t),  a_t = (largest lr so far)^lr_power\n" \
    "w = momentum x + (1 - momentum) z,  where the next g is taken; x is reported, x and z start as w"
#define HYPER(REAL, INT, FLAG, WORD)                                                            \
    REAL(lr, 0.1, 0, TW_INF, TW_OPEN_MAX, "learning rate; constant, or with a warm-up")         \
    REAL(momentum, 0.9, 0, 1, TW_CLOSED, "where between z (0) and x (1) the gradient is taken") \
    REAL(lr_power, 0, 0, TW_INF, TW_OPEN_MAX,                                                   \
         "weigh the steps in x by the largest rate so far to this power; 0: all alike")
#define ALIASES(ALIAS)    \
    ALIAS(beta, momentum) \
    ALIAS(weight_lr_power, lr_power)
#define SLOTS(SLOT)       \
    SLOT(z, TW_WEIGHT, 1) \
    SLOT(x, TW_WEIGHT, 1)
#define SCALARS(SCALAR) \
    SCALAR(largest, 0)  \
    SCALAR(sum, 0)
#define DECAY TW_DECAY_COUPLED
#define DIALECTS(DIALECT)          \
    DIALECT(paper, NULL, "", "")   \
    DIALECT(                       \
        optax, NULL, "lr_power=2", \
        "lr is 1 there, too much for badly scaled problems; the same x as the paper's while lr does not change")
#define VIEW
#define SKIP
#define NARROW
#include <thalweg/rule.h>
#include "rules/schedule_free.h"

struct coef {
    real lr, share, ahead, fade;
};

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.lr = now->h->lr,
                       .ahead = now->next->momentum,
                       .share = tw__schedule_free_share(now->h->lr, now->h->lr_power, &now->kept->largest,
                                                        &now->kept->sum)};
}

/* Differences, as in x + c (z - x), so that what stands still stays where it is, to the bit. */
static inline real update(real y, real g, real *z, real *x, const struct coef *k)
{
    (void)y;
    *z = *z - k->lr * g;
    *x = *x + k->share * (*z - *x);
    return *z + k->ahead * (*x - *z);
}

static void prepare_view(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.ahead = now->next->momentum};
}

static inline real view(real y, real *z, real *x, const struct coef *k)
{
    (void)y, (void)z, (void)k;
    return *x;
}

/* z stands still and x comes nearer: (t - 1)/t (t)/(t + 1) ... telescopes. */
static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    double before = (double)(now->t - 1);
    *k = (struct coef){.ahead = now->next->momentum, .fade = before / (before + (double)steps)};
    return now->t > 1 && now->h->lr_power == 0 && TW_COUPLE(now->h) == 0;
}

static inline real skip(real y, real *z, real *x, const struct coef *k)
{
    (void)y;
    *x = *z + k->fade * (*x - *z);
    return *z + k->ahead * (*x - *z);
}

#include TW_RULE_END
