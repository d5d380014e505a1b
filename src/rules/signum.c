/* Signum: every weight moves by lr along the sign of the mean gradient; with beta = 0, of the gradient:
 * signSGD, which keeps nothing.
 * SPDX-License-Identifier: MIT */
#define RULE signum
#define PAPER "Bernstein et al. 2018, Algorithm 1 (signSGD) and Algorithm 2 (Signum)"
#define USE "Where only signs are to be sent or trusted: many workers, gradients of wild scale."
#define EQUATION                         \
    "[beta] m = beta m + (1 - beta) g\n" \
    "[beta] w = w - lr sign(m)\n"        \
    "[!beta] w = w - lr sign(g)"
#define HYPER(REAL, INT, FLAG, WORD)                                                    \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate: how far each weight moves") \
    REAL(beta, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient; 0: no mean")
#define ALIASES(ALIAS) ALIAS(momentum, beta)
#define SLOTS(SLOT) SLOT(m, TW_ZERO, variant == 1)
#define VARIANTS 2
#define TRAITS (h->beta == 0 ? TW_ZERO_IS_NOTHING : 0)
#define DECAY TW_DECAY_ANY
#define WD_MODE 1
#define DIALECTS(DIALECT) DIALECT(paper, NULL, "", "")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real lr, beta, rest;
};

static int choose(const struct hyper *h) { return h->beta != 0; }

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.lr = now->h->lr, .beta = now->h->beta, .rest = 1 - now->h->beta};
}

static inline real update(real w, real g, real *m, const struct coef *k, int variant)
{
    if (variant == 1) g = *m = k->beta * *m + k->rest * g;
    return w - (g > 0 ? k->lr : g < 0 ? -k->lr : 0);
}

#include TW_RULE_END
