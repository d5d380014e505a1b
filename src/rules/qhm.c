/* Quasi-hyperbolic momentum: a step that is nu parts momentum and 1 - nu parts plain gradient, so that the
 * momentum may be very long. With nu = beta it is Nesterov's momentum, with nu = 1 plain momentum, with nu =
 * 0 sgd; the mean is normalised, unlike sgd's buffer.
 * SPDX-License-Identifier: MIT */
#define RULE qhm
#define PAPER "Ma & Yarats 2019 (QHM)"
#define USE \
    "As momentum, less sensitive to its length; a rate 1/(1 - momentum) times that of sgd with momentum."
#define EQUATION                  \
    "m = beta m + (1 - beta) g\n" \
    "w = w - lr ((1 - nu) g + nu m)"
#define HYPER(REAL, INT, FLAG, WORD)                                   \
    REAL(lr, 0.1, 0, TW_INF, TW_OPEN_MAX, "learning rate")             \
    REAL(beta, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean gradient") \
    REAL(nu, 0.7, 0, 1, TW_CLOSED, "share of the mean gradient in the step")
#define NEEDS(NEED)                   \
    NEED(beta, h->nu != 0, "nu is 0") \
    NEED(nu, h->beta != 0 || h->nu == 0, "beta is 0")
#define ALIASES(ALIAS) ALIAS(momentum, beta)
#define SLOTS(SLOT) SLOT(m, TW_ZERO, 1)
#define SKIP
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT) DIALECT(paper, NULL, "", "")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real beta, rest, from_g, from_m;
    struct linear skipped;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.beta = h->beta,
                       .rest = 1 - h->beta,
                       .from_g = h->lr * (1 - h->nu),
                       .from_m = h->lr * h->nu};
}

static inline real update(real w, real g, real *m, const struct coef *k)
{
    *m = k->beta * *m + k->rest * g;
    return w - (k->from_g * g + k->from_m * *m);
}

static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    const struct hyper *h = now->h;
    double g = TW_COUPLE(h);
    struct linear one = {.vw = (1 - h->beta) * g, .vv = h->beta, .wv = -h->lr * h->nu * h->beta};
    one.ww = 1 - TW_SHRINK(h) - h->lr * ((1 - h->nu) * g + h->nu * one.vw);
    k->skipped = linear_n(one, steps);
    return 1;
}

static inline real skip(real w, real *m, const struct coef *k) { return linear_step(&k->skipped, w, m); }

#include TW_RULE_END
