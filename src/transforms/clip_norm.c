/* Scales the gradient of every tensor whose norm is above max down to it.
 * SPDX-License-Identifier: MIT */
#define RULE clip_norm
#define PAPER "Pascanu, Mikolov & Bengio 2013, Algorithm 1, per tensor"
#define USE "As clip_global_norm, but a tensor with small gradients is left alone when another explodes."
#define EQUATION "g = g max/|g| where |g| > max, |g| the norm over the tensor"
#define HYPER(REAL, INT, FLAG, WORD) REAL(max, 1, 0, TW_INF, TW_OPEN, "largest norm")
#define ALIASES(ALIAS) ALIAS(clip, max) ALIAS(clipnorm, max)
#define PLACE TW_ON_GRADIENT
#define SUMS(SUM) SUM(squares)
#define SCOPE TW_PER_TENSOR
#define NARROW
#include <thalweg/rule.h>

struct coef { real scale; };

static void prepare(struct coef *k, const struct moment *now)
{
    (void)now;
    *k = (struct coef){.scale = 1};
}

static inline void measure(struct sums *to, real w, real g, const struct coef *k)
{
    (void)w, (void)k;
    to->squares = (double)g * (double)g;
}

static void settle(struct coef *k, const struct moment *now)
{
    double norm = __builtin_sqrt(now->measured->squares);
    k->scale = norm > now->h->max ? now->h->max / norm : 1;
}

static inline real update(real w, real g, const struct coef *k)
{
    (void)w;
    return k->scale * g;
}

#include TW_RULE_END
