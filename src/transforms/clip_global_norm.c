/* Scales the whole gradient down to the norm max where its norm is above it: the direction stays.
 * SPDX-License-Identifier: MIT */
#define RULE clip_global_norm
#define PAPER "Pascanu, Mikolov & Bengio 2013, Algorithm 1"
#define USE "The usual cure for exploding gradients: the direction stays."
#define EQUATION "g = g max/|g| where |g| > max, |g| the norm over all weights"
#define HYPER(REAL, INT, FLAG, WORD) REAL(max, 1, 0, TW_INF, TW_OPEN, "largest norm")
#define ALIASES(ALIAS) ALIAS(clip, max) ALIAS(max_norm, max) ALIAS(global_clipnorm, max)
#define PLACE TW_ON_GRADIENT
#define SUMS(SUM) SUM(squares)
#define SCOPE TW_OVER_ALL
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
