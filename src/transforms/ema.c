/* Reports a running mean of the weights; the rule continues from its own. The mean starts at 0 and is
 * corrected for it.
 * SPDX-License-Identifier: MIT */
#define RULE ema
#define PAPER "Ruppert 1988; the correction as in Kingma & Ba 2015, section 3"
#define USE "Steadier weights to evaluate and keep, for a number more per weight."
#define EQUATION                    \
    "e = decay e + (1 - decay) w\n" \
    "reported: e/(1 - decay^t)"
#define HYPER(REAL, INT, FLAG, WORD) REAL(decay, 0.999, 0, 1, TW_OPEN_MAX, "share of the mean that stays")
#define SLOTS(SLOT) SLOT(e, TW_ZERO, 1)
#define PLACE TW_ON_WEIGHTS
#define SCALARS(SCALAR) SCALAR(product, 1)
#define VIEW
#define NARROW
#include <thalweg/rule.h>

struct coef {
    real decay, rest, whole_of;
};

/* The product stands for decay^t, so that a schedule for decay is corrected for too. */
static void prepare(struct coef *k, const struct moment *now)
{
    now->kept->product *= now->h->decay;
    *k = (struct coef){.decay = now->h->decay, .rest = 1 - now->h->decay};
}

static inline real update(real w, real shown, real *e, const struct coef *k)
{
    *e = k->decay * *e + k->rest * shown;
    return w;
}

static void prepare_view(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.whole_of = 1 - now->kept->product};
}

static inline real view(real w, real *e, const struct coef *k)
{
    (void)w;
    return *e / k->whole_of;
}

#include TW_RULE_END
