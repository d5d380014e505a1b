/* LAMB: Adam whose step is scaled for each tensor to the norm of its weights (You et al. 2020, Algorithm 2,
 * with phi(x) = x). Where a norm is 0, as for biases that begin at 0, the ratio is 1. Neither gradient nor
 * ratio is clipped.
 * SPDX-License-Identifier: MIT */
#define RULE lamb
#define PAPER "You et al. 2020, Algorithm 2"
#define USE "Transformers on very large batches."
#define EQUATION                                                      \
    "[weight_decay, wd_mode=lr] w = w - lr weight_decay w\n"          \
    "m = beta1 m + (1 - beta1) g\n"                                   \
    "v = beta2 v + (1 - beta2) g^2\n"                                 \
    "[bias_correction] m^ = m/(1 - beta1^t),  v^ = v/(1 - beta2^t)\n" \
    "[!bias_correction] m^ = m,  v^ = v\n"                            \
    "[wd_mode=ratio] u = m^/(sqrt(v^) + eps) + weight_decay w\n"      \
    "[wd_mode=lr] u = m^/(sqrt(v^) + eps)\n"                          \
    "w = w - lr |w|/|u| u,  |x| the root of the sum of a tensor's squares; the ratio is 1 where a norm is 0"
#define HYPER(REAL, INT, FLAG, WORD)                                            \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate")                    \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")           \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient") \
    REAL(eps, 1e-6, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")         \
    FLAG(bias_correction, 1, "divide the means by 1 - beta^t")                  \
    WORD(wd_mode, 0, "ratio lr",                                                \
         "weight_decay * w is part of what is scaled (ratio), or first w -= lr * weight_decay * w")
#define NEEDS(NEED) NEED(wd_mode, h->weight_decay != 0, "weight_decay is 0")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1)
#define SUMS(SUM) SUM(weights) SUM(directions)
#define SCOPE TW_PER_TENSOR
#define DECAY TW_DECAY_OWN
#define DIALECTS(DIALECT)                           \
    DIALECT(paper, NULL, "", "")                    \
    DIALECT(keras, NULL, "eps=1e-7,wd_mode=lr", "") \
    DIALECT(optax, NULL, "", "")
#include <thalweg/rule.h>

struct coef {
    real beta1, rest1, beta2, rest2, unbias1, unbias2, eps, decay, shrink, step;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    double unbias1 = h->bias_correction ? 1 / (1 - tw_pow_n(h->beta1, now->t)) : 1;
    double unbias2 = h->bias_correction ? 1 / (1 - tw_pow_n(h->beta2, now->t)) : 1;
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .unbias1 = unbias1,
                       .unbias2 = __builtin_sqrt(unbias2),
                       .eps = h->eps,
                       .decay = h->wd_mode ? 0 : h->weight_decay,
                       .shrink = h->wd_mode ? h->lr * h->weight_decay : 0,
                       .step = h->lr};
}

/* Steps m and v; what is scaled to the weights. */
TW_INLINE real TW_LOCAL(direction)(real w, real g, real *m, real *v, const struct coef *k)
{
    *m = k->beta1 * *m + k->rest1 * g;
    *v = k->beta2 * *v + k->rest2 * g * g;
    return real_ratio(k->unbias1 * *m, real_sqrt(*v) * k->unbias2 + k->eps) + k->decay * w;
}

static inline void measure(struct sums *to, real w, real g, real m, real v, const struct coef *k)
{
    w -= k->shrink * w;
    const real u = TW_LOCAL(direction)(w, g, &m, &v, k);
    to->weights = (double)w * (double)w;
    to->directions = (double)u * (double)u;
}

static void settle(struct coef *k, const struct moment *now)
{
    const struct sums *s = now->measured;
    if (s->weights > 0 && s->directions > 0)
        k->step = now->h->lr * __builtin_sqrt(s->weights) / __builtin_sqrt(s->directions);
}

static inline real update(real w, real g, real *m, real *v, const struct coef *k)
{
    w -= k->shrink * w;
    return w - k->step * TW_LOCAL(direction)(w, g, m, v, k);
}

#include TW_RULE_END
