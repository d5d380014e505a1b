/* FTML, follow the moving leader: the weights minimise a sum of past models of the loss, of which older ones
 * count less. Algorithm 1 keeps d and z beside v: d_t = (1 - beta1^t)/lr (sqrt(v/(1 - beta2^t)) + eps), z_t =
 * beta1 z + (1 - beta1) g - (d_t - beta1 d) w and w = -z_t/d_t.  As -z/d was the weight before the step, z_t
 * = (1 - beta1) g - d_t w, so the step is w - (1 - beta1) g/d_t: the same with one slot instead of three, and
 * without the rounding of -z/d, which would move a weight that has no gradient.
 * SPDX-License-Identifier: MIT */
#define RULE ftml
#define PAPER "Zheng & Kwok 2017, Algorithm 1"
#define USE \
    "As rmsprop with bias corrections: quick on changing problems, with the least memory of the adaptive rules."
#define EQUATION                                           \
    "v = beta2 v + (1 - beta2) g^2\n"                      \
    "d = (1 - beta1^t)/lr (sqrt(v/(1 - beta2^t)) + eps)\n" \
    "w = w - (1 - beta1) g/d"
#define HYPER(REAL, INT, FLAG, WORD)                                               \
    REAL(lr, 0.0025, 0, TW_INF, TW_OPEN_MAX, "learning rate")                      \
    REAL(beta1, 0.6, 0, 1, TW_OPEN_MAX, "how fast older losses lose their weight") \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient")    \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")
#define SLOTS(SLOT) SLOT(v, TW_ZERO, 1)
#define DECAY TW_DECAY_ANY
#define SKIP
#define DIALECTS(DIALECT) DIALECT(paper, NULL, "", "")
#include <thalweg/rule.h>

struct coef {
    real beta2, rest2, step, unbias2, eps, keep;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .step = h->lr * (1 - h->beta1) / (1 - tw_pow_n(h->beta1, now->t)),
                       .unbias2 = __builtin_sqrt(1 / (1 - tw_pow_n(h->beta2, now->t))),
                       .eps = h->eps};
}

static inline real update(real w, real g, real *v, const struct coef *k)
{
    *v = k->beta2 * *v + k->rest2 * g * g;
    return w - real_ratio(k->step * g, real_sqrt(*v) * k->unbias2 + k->eps);
}

static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    *k = (struct coef){.beta2 = tw_pow_n(now->h->beta2, steps),
                       .keep = tw_pow_n(1 - TW_SHRINK(now->h), steps)};
    return TW_COUPLE(now->h) == 0;
}

static inline real skip(real w, real *v, const struct coef *k)
{
    *v = k->beta2 * *v;
    return k->keep * w;
}

#include TW_RULE_END
