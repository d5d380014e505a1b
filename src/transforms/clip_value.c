/* Clips each element of the gradient to [-max, max].
 * SPDX-License-Identifier: MIT */
#define RULE clip_value
#define PAPER "Mikolov 2012, section 3.2.2"
#define USE \
    "Recurrent networks: one exploding element does not take the whole step with it, but the direction changes."
#define EQUATION "g = min(max(g, -max), max)"
#define HYPER(REAL, INT, FLAG, WORD) REAL(max, 1, 0, TW_INF, TW_OPEN, "largest size of an element")
#define ALIASES(ALIAS) ALIAS(clip, max) ALIAS(clipvalue, max)
#define PLACE TW_ON_GRADIENT
#define TRAITS TW_ZERO_IS_NOTHING
#define NARROW
#include <thalweg/rule.h>

struct coef {
    real max;
};

static void prepare(struct coef *k, const struct moment *now) { *k = (struct coef){.max = now->h->max}; }

static inline real update(real w, real g, const struct coef *k)
{
    (void)w;
    return g > k->max ? k->max : g < -k->max ? -k->max : g;
}

#include TW_RULE_END
