/* Averaged SGD as PyTorch has it: SGD whose rate falls by a power of the step, with a pull to 0; from step t0
 * on what is reported is the mean of the weights.  Rate and pull are those of Bottou's program, the mean is
 * Polyak's.
 * SPDX-License-Identifier: MIT */
#define RULE asgd
#define PAPER "Polyak & Juditsky 1992; rates: Xu 2011, Bottou 2012"
#define USE "Linear models in one or few passes over the data; t0 at about one pass."
#define EQUATION                                                                               \
    "eta = lr at t = 1, then lr/(1 + lambd lr (t - 1))^alpha with the lr of the step before\n" \
    "w = w - lambd eta w - eta g\n"                                                            \
    "[report=average] a = a + (w - a)/max(1, t - 1 - t0), which is w up to t = t0 + 2;  reported: a"
#define HYPER(REAL, INT, FLAG, WORD)                                                                      \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate of the first step")                             \
    REAL(lambd, 1e-4, 0, TW_INF, TW_OPEN_MAX, "pulls the weights towards 0, and how fast the rate falls") \
    REAL(alpha, 0.75, 0, TW_INF, TW_OPEN_MAX, "power with which the rate falls")                          \
    REAL(t0, 1e6, 0, TW_STEPS, TW_CLOSED, "the step the mean begins at")                                  \
    WORD(report, 0, "average weights", "report the mean, or the weights themselves and keep no mean")
#define NEEDS(NEED)                          \
    NEED(alpha, h->lambd != 0, "lambd is 0") \
    NEED(t0, h->report == 0, "report is weights")
#define SLOTS(SLOT) SLOT(a, TW_ZERO, variant == 0)
#define SCALARS(SCALAR) SCALAR(eta, 0)
#define VARIANTS 2
#define TRAITS (h->report != 0 && h->lambd == 0 ? TW_ZERO_IS_NOTHING : 0)
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)                  \
    DIALECT(torch, NULL, "report=weights", \
            "PyTorch keeps the mean in its state and leaves the weights as they are")
#define VIEW
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real eta, pull, old, fresh, share;
};

static int choose(const struct hyper *h) { return h->report != 0; }

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    double eta = now->t == 1 ? h->lr : now->kept->eta, t = (double)now->t, n = t - 1 - h->t0,
           fresh = !(n > 1);
    now->kept->eta = h->lr / tw_pow(1 + h->lambd * h->lr * t, h->alpha);
    *k = (struct coef){.eta = eta,
                       .pull = h->lambd * eta,
                       .old = 1 - fresh,
                       .fresh = fresh,
                       .share = fresh != 0 ? 1 : 1 / n};
}

/* A fresh mean is the weight, to the bit. */
static inline real update(real w, real g, real *a, const struct coef *k, int variant)
{
    w = w - k->pull * w - k->eta * g;
    if (variant == 0) {
        real from = k->old * *a + k->fresh * w;
        *a = from + k->share * (w - from);
    }
    return w;
}

static void prepare_view(struct coef *k, const struct moment *now)
{
    (void)now;
    *k = (struct coef){.eta = 0};
}

static inline real view(real w, real *a, const struct coef *k, int variant)
{
    (void)k;
    return variant == 0 ? *a : w;
}

#include TW_RULE_END
