/* Limits the step itself, whatever rule made it: to a ball (source 000, section 3.3, proposes radius 1) or
 * element by element.
 * SPDX-License-Identifier: MIT */
#define RULE clip_update
#define PAPER "source 000, section 3.3"
#define USE \
    "A bound on how far one update may carry the weights; adaptive rules take their largest steps first."
#define EQUATION                                                                          \
    "d = what the rule has added to w\n"                                                  \
    "[by=norm] w = w_before + d max/|d| where |d| > max, |d| the norm over all weights\n" \
    "[by=value] w = w_before + min(max(d, -max), max)"
#define HYPER(REAL, INT, FLAG, WORD)                                        \
    REAL(max, 1, 0, TW_INF, TW_OPEN, "largest norm or element of the step") \
    WORD(by, 0, "norm value", "what is limited")
#define PLACE TW_ON_STEP
#define SUMS(SUM) SUM(squares)
#define TRAITS TW_SUMS_OF_SQUARES
#define VARIANTS 2
#define NARROW
#include <thalweg/rule.h>

struct coef {
    real scale, max;
};

static int choose(const struct hyper *h) { return h->by != 0; }

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.scale = 1, .max = now->h->max};
}

static inline void measure(struct sums *to, real before, real after, const struct coef *k, int variant)
{
    (void)k, (void)variant;
    to->squares = ((double)after - (double)before) * ((double)after - (double)before);
}

static void settle(struct coef *k, const struct moment *now)
{
    double norm = __builtin_sqrt(now->measured->squares) * now->unit->squares;
    k->scale = norm > now->h->max ? now->h->max / norm : 1;
}

/* Where nothing is cut the rule's own result stays, to the bit. */
static inline real update(real before, real after, const struct coef *k, int variant)
{
    real d = after - before;
    if (variant == 0) return k->scale == 1 ? after : before + k->scale * d;
    return d > k->max ? before + k->max : d < -k->max ? before - k->max : after;
}

#include TW_RULE_END
