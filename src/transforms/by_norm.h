/* What the transforms share that scale a gradient down to a norm; they differ in what the norm is over.
 * Included by a rule file after its tables.
 * SPDX-License-Identifier: MIT */
#ifdef RULE /* without one, as when a test compiles every header alone, there is nothing to do */
#define HYPER(REAL, INT, FLAG, WORD) REAL(max, 1, 0, TW_INF, TW_OPEN, "largest norm")
#define PLACE TW_ON_GRADIENT
#define SUMS(SUM) SUM(squares)
#define TRAITS TW_SUMS_OF_SQUARES
#define NARROW
#include <thalweg/rule.h>

struct coef {
    real scale;
};

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
    double norm = __builtin_sqrt(now->measured->squares) * now->unit->squares;
    k->scale = norm > now->h->max ? now->h->max / norm : 1;
}

static inline real update(real w, real g, const struct coef *k)
{
    (void)w;
    return k->scale * g;
}
#endif
